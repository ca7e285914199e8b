using Emergence.Trainer.Networks;
using TorchSharp;

namespace Emergence.Trainer.Tests.Networks;

/// <summary>The transformer against its definition, computed here in double, number by number.</summary>
public sealed class TransformerTests
{
    private const int Side = 4, Patch = 2, Tokens = 4, Width = 6, Heads = 3, Size = Width / Heads, Classes = 3;

    [Theory]
    [InlineData(nameof(Activation.Gelu))]
    [InlineData(nameof(Activation.Relu))]
    public void The_logits_are_those_of_the_definition(string activation)
    {
        var function = Enum.Parse<Activation>(activation);
        using var network = Network.Initialize(
            Architecture.Vit([1, Side, Side], new TransformerSizes(Patch, Width, 2, Heads), function, Classes), 4);
        Spread(network);
        var values = network.NamedParameters.ToDictionary(
            named => named.Name, named => named.Parameter.data<float>().ToArray().Select(value => (double)value).ToArray());
        using var input = torch.rand(2, 1, Side, Side, generator: new torch.Generator(5));
        using var logits = network.Forward(input);
        var (pixels, given) = (input.data<float>().ToArray(), logits.data<float>().ToArray());
        for (var sample = 0; sample < 2; sample++)
        {
            var expected = Definition(values, pixels[(sample * Side * Side)..][..(Side * Side)], function);
            Assert.All(expected.Zip(given.Skip(sample * Classes)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
        Assert.True(given.Max() - given.Min() > 0.1, "the logits tell nothing apart");
    }

    [Fact]
    public void Its_sizes_are_those_that_were_asked_for()
    {
        var architecture = Architecture.Vit([3, 32, 32], TransformerSizes.Usual, Activation.Gelu, 10);
        Assert.Equal(
            ["patch", "tokens", "position", "block1.add1", "block1.add2", "block2.add1", "block2.add2", "block3.add1",
                "block3.add2", "block4.add1", "block4.add2", "norm", "mean", "head"],
            architecture.Layers.Select(layer => layer.Name));
        Assert.Equal(64, Assert.Single(architecture.Weighted.OfType<PositionLayer>()).Tokens);
        Assert.Equal((10, Activation.Gelu, null), (architecture.Classes, architecture.Activation, architecture.Hidden));
        using var network = Network.Initialize(architecture, 0);
        // 3·16·64 + 64 of patches, 64·64 positions, 4 blocks of 12·64² + 13·64, a norm and the head.
        Assert.Equal(3136 + 4096 + 4 * (12 * 4096 + 13 * 64) + 128 + 650, network.Parameters.Sum(parameter => parameter.numel()));
    }

    // Scales of 1 and shifts of 0 would hide a mistake with them.
    private static void Spread(Network network)
    {
        using var _ = torch.no_grad();
        foreach (var parameter in network.Parameters)
        {
            using var noise = torch.rand(parameter.shape, generator: new torch.Generator(7)).sub(0.4);
            parameter.mul_(2).add_(noise);
        }
    }

    private static double[] Definition(Dictionary<string, double[]> values, float[] pixels, Activation function)
    {
        var tokens = new double[Tokens][];
        for (var t = 0; t < Tokens; t++)
        {
            var patch = Enumerable.Range(0, Patch * Patch).Select(i => (double)pixels[
                (t / 2 * Patch + i / Patch) * Side + t % 2 * Patch + i % Patch]).ToArray();
            var token = Dense("patch", patch);
            tokens[t] = [.. token.Select((value, i) => value + values["position.weight"][t * Width + i])];
        }
        for (var block = 1; block <= 2; block++)
        {
            tokens = Plus(tokens, Attend($"block{block}", [.. tokens.Select(x => Norm($"block{block}.norm1", x))]));
            tokens = Plus(tokens, [.. tokens.Select(x => Dense($"block{block}.fc2",
                [.. Dense($"block{block}.fc1", Norm($"block{block}.norm2", x)).Select(Act)]))]);
        }
        var normed = tokens.Select(x => Norm("norm", x)).ToArray();
        return Dense("head", [.. Enumerable.Range(0, Width).Select(i => normed.Average(x => x[i]))]);

        double[] Dense(string name, double[] x) =>
            [.. values[name + ".bias"].Select((bias, j) => bias + x.Select((value, i) =>
                value * values[name + ".weight"][j * x.Length + i]).Sum())];

        double[] Norm(string name, double[] x)
        {
            var (mean, variance) = (x.Average(), x.Select(value => (value - x.Average()) * (value - x.Average())).Average());
            return [.. x.Select((value, i) => (value - mean) / Math.Sqrt(variance + 1e-5) * values[name + ".weight"][i]
                + values[name + ".bias"][i])];
        }

        double[][] Attend(string block, double[][] x)
        {
            var (q, k, v) = (All(".query"), All(".key"), All(".value"));
            return [.. q.Select(query => Dense(block + ".out", [.. Enumerable.Range(0, Width).Select(i =>
            {
                var head = i / Size * Size;
                var shares = k.Select(key => Math.Exp(Enumerable.Range(head, Size).Sum(j => query[j] * key[j]) / Math.Sqrt(Size)))
                    .ToArray();
                return shares.Zip(v, (share, value) => share * value[i]).Sum() / shares.Sum();
            })]))];

            double[][] All(string name) => [.. x.Select(token => Dense(block + name, token))];
        }

        // Φ by its series: System.Math has no error function.
        double Act(double x) => function == Activation.Relu ? Math.Max(0, x) : x * Normal(x);
    }

    private static double Normal(double x)
    {
        var (sum, term) = (x, x);
        for (var n = 1; n < 200; n++)
            sum += term *= x * x / (2 * n + 1);
        return 0.5 + sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
    }

    private static double[][] Plus(double[][] a, double[][] b) => [.. a.Zip(b, (x, y) => x.Zip(y, (u, v) => u + v).ToArray())];
}

using Emergence.Analyzer.Tests.Cli;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Pruning;
using Emergence.Tracing;
using Onnx;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Which nodes depend on each other, checked by hand on small forms of known architectures.</summary>
public sealed class ChannelGroupsTests : PruningTests
{
    private const string Output = "it is an output of the model";

    [Fact]
    public void the_convolutions_of_a_residual_stream_go_together()
    {
        // ResNet: the stream of stem and second convolution; what lies between is free.
        var model = Image()
            .Conv("x", "stem", 3, 2)
            .Node("Relu", "stem", "r")
            .Conv("r", "inner", 2, 3)
            .Node("Relu", "inner", "i")
            .Conv("i", "second", 3, 2)
            .Node("Add", "second r", "s")
            .Node("Relu", "s", "t");
        Assert.Equal(
            ["stem[0] second[0]", "stem[1] second[1]", "inner[0]", "inner[1]", "inner[2]", $"head[0]: {Output}",
                $"head[1]: {Output}"],
            Groups(Headed(model, "t", 2)));
    }

    [Fact]
    public void the_branches_of_a_concatenation_are_free()
    {
        // Inception.
        var model = Image().Conv("x", "left", 3, 2).Conv("x", "right", 3, 3).Node("Concat", "left right", "j", Int("axis", 1));
        Assert.Equal(
            ["left[0]", "left[1]", "right[0]", "right[1]", "right[2]", $"head[0]: {Output}", $"head[1]: {Output}"],
            Groups(Headed(model, "j", 5)));
    }

    [Fact]
    public void a_squeeze_and_excitation_goes_with_what_it_gates()
    {
        var model = Image()
            .Conv("x", "body", 3, 2)
            .Node("GlobalAveragePool", "body", "p")
            .Conv("p", "squeeze", 2, 3)
            .Node("Relu", "squeeze", "q")
            .Conv("q", "excite", 3, 2)
            .Node("Sigmoid", "excite", "g")
            .Node("Mul", "body g", "m");
        Assert.Equal(
            ["body[0] excite[0]", "body[1] excite[1]", "squeeze[0]", "squeeze[1]", "squeeze[2]", $"head[0]: {Output}",
                $"head[1]: {Output}"],
            Groups(Headed(model, "m", 2)));
    }

    [Fact]
    public void heads_of_an_attention_are_whole_and_its_normalized_stream_stays()
    {
        // ViT: two heads of two features; the stream is normalized over its features.
        var model = new TinyModel(17)
            .Input("x", [1, 3, 4])
            .Weight("we", 4, 4)
            .Node("MatMul", "x we", "stream")
            .Weight("g", 4)
            .Weight("b", 4)
            .Node("LayerNormalization", "stream g b", "n", Int("axis", -1));
        foreach (var part in (string[])["q", "k", "v"])
        {
            model.Weight($"w{part}", 4, 4)
                .Node("MatMul", $"n w{part}", $"{part}")
                .Longs($"s{part}", 0, 0, 2, 2)
                .Node("Reshape", $"{part} s{part}", $"r{part}")
                .Node("Transpose", $"r{part}", $"t{part}", Ints("perm", part == "k" ? [0L, 2, 3, 1] : [0, 2, 1, 3]));
        }
        model.Node("MatMul", "tq tk", "scores")
            .Node("Softmax", "scores", "weights", Int("axis", -1))
            .Node("MatMul", "weights tv", "heads")
            .Node("Transpose", "heads", "ht", Ints("perm", 0, 2, 1, 3))
            .Longs("flat", 0, 0, 4)
                .Node("Reshape", "ht flat", "f")
                .Weight("wo", 4, 4)
                .Node("MatMul", "f wo", "out")
                .Node("Add", "out stream", "second")
                .Weight("wm", 4, 2)
                .Node("MatMul", "second wm", "mlp")
                .Node("Relu", "mlp", "mr")
            .Weight("wl", 2, 2).Node("MatMul", "mr wl", "last").Output("last", [1, 3, 2]);
        const string Mixed = "LayerNormalization mixes it with others";
        Assert.Equal(
            [
                $"stream[0]: {Mixed}", $"stream[1]: {Mixed}", $"stream[2]: {Mixed}", $"stream[3]: {Mixed}",
                "q[0,1] k[0,1] v[0,1]", "q[2,3] k[2,3] v[2,3]",
                $"out[0]: {Mixed}", $"out[1]: {Mixed}", $"out[2]: {Mixed}", $"out[3]: {Mixed}",
                "mlp[0]", "mlp[1]", $"last[0]: {Output}", $"last[1]: {Output}",
            ],
            Groups(model));
    }

    [Fact]
    public void units_of_a_recurrent_layer_and_parts_of_a_grouped_convolution()
    {
        var recurrent = new TinyModel(17)
            .Input("x", [5, 1, 3], batchAxis: 1)
            .Weight("w", 1, 8, 3)
            .Weight("r", 1, 8, 2)
            .Node("LSTM", "x w r", "all state", Int("hidden_size", 2))
            .Longs("zero", 0)
            .Node("Squeeze", "state zero", "l")
            .Weight("u", 2, 1).Node("MatMul", "l u", "y").Output("y", [1, 1]);
        Assert.Equal(["all[0]", "all[1]", $"y[0]: {Output}"], Groups(recurrent));
        // Of all nodes as strong: the first of each part, then the second.
        var grouped = Image().Conv("x", "wide", 3, 4).Weight("wg", 4, 2, 1, 1).Node("Conv", "wide wg", "parts", Int("group", 2));
        Assert.Equal(
            ["wide[0,2]", "wide[1,3]", "parts[0,2]", "parts[1,3]", $"head[0]: {Output}", $"head[1]: {Output}"],
            Groups(Headed(grouped, "parts", 4)));
    }

    [Fact]
    public async Task inspect_shows_the_groups()
    {
        using var shell = new Shell();
        var path = Path.Combine(shell.Folder, "net.onnx");
        var model = Image().Conv("x", "left", 3, 2).Conv("x", "right", 3, 2).Node("Add", "left right", "j");
        ModelFile.Save(Headed(model, "j", 2).Proto, path);
        Assert.Equal(0, await shell.RunAsync("inspect", path, "--channels"));
        Assert.Equal(
            """
            groups  nodes each  of layers     leave the file
            ──────  ──────────  ────────────  ────────────────────────────────
                 2           2  left + right  yes
                 2           1  head          no: it is an output of the model

            """, shell.Output);
        using var other = new Shell();
        Assert.Equal(0, await other.RunAsync("inspect", path, "--channels", "--format", "json"));
        Assert.Contains("\"why_not_cut\": null", other.Output, StringComparison.Ordinal);
        Assert.Equal(2, await other.RunAsync("inspect", path, "--channels", "--format", "dot"));
    }

    private string[] Groups(TinyModel model) => [.. ChannelGroups.Of(Open(model.Proto), new TraceOptions()).Select(group =>
        string.Join(" ", group.Members.Select(member => $"{member.Layer}[{string.Join(",", member.Nodes)}]"))
            + (group.Pin is { } pin ? $": {pin}" : ""))];

    private static TinyModel Image() => new TinyModel(17).Input("x", [1, 3, 4, 4]);

    private static TinyModel Headed(TinyModel model, string from, int channels) =>
        model.Conv(from, "head", channels, 2).Output("head", [1, 2, 4, 4]);

    private static AttributeProto Int(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    private static AttributeProto Ints(string name, params long[] values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };
}

/// <summary>Layers by their name.</summary>
internal static class TinyLayers
{
    /// <summary>A convolution of single elements.</summary>
    public static TinyModel Conv(this TinyModel model, string input, string output, int from, int to) =>
        model.Weight($"w-{output}", to, from, 1, 1).Node("Conv", $"{input} w-{output}", output);
}

using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Series;

namespace Emergence.Analyzer.Tests.Series;

/// <summary>Which layers are dying and since when, against the definition asked of each checkpoint.</summary>
public sealed class CollapseTests
{
    [Fact]
    public void It_is_what_the_definition_says_of_each_checkpoint()
    {
        var collapsed = 0;
        for (var seed = 0; seed < 500; seed++)
        {
            var points = Series(new Random(seed));
            var verdict = Collapse.Of(points);
            Assert.Equal(Plain(points), verdict is null ? null : (verdict.Since!.Value, verdict.Evidence.Length));
            collapsed += verdict is null ? 0 : 1;
        }
        Assert.InRange(collapsed, 50, 450);
    }

    private static (int Since, int Layers)? Plain(ImmutableArray<VerdictPoint> points)
    {
        int[] dying = [.. Enumerable.Range(0, points[0].Layers.Length).Select(Since).Where(since => since <= points.Length - 2)];
        return dying.Length == 0 ? null : (dying.Min(), dying.Length);

        int Since(int layer) => points.Length - Enumerable.Range(0, points.Length).Reverse()
            .TakeWhile(at => IsDying(points[at].Layers[layer], points.Take(at + 1).Max(point => point.Layers[layer].Alive)))
            .Count();

        static bool IsDying(LayerLife life, int peak) => 20 * life.Alive <= life.Nodes && 10 * life.Alive <= peak && peak > 0;
    }

    private static ImmutableArray<VerdictPoint> Series(Random random)
    {
        var (length, layers) = (random.Next(1, 30), random.Next(1, 4));
        var death = random.Next(length + 5);
        return [.. Enumerable.Range(0, length).Select(i => new VerdictPoint
        {
            Name = $"epoch {i}",
            Emergence = new EmergenceValue(1000),
            NotFinite = random.Next(20) == 0 ? 3 : 0,
            Samples = 1000,
            Layers = [.. Enumerable.Range(0, layers).Select(layer =>
                new LayerLife($"fc{layer}", 60, layer == 0 && i >= death ? random.Next(5) : random.Next(61)))],
        })];
    }
}

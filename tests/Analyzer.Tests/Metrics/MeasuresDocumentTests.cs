using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using Emergence.Analyzer.Metrics;

namespace Emergence.Testing;

/// <summary>docs/measures.md says what is so.</summary>
public sealed class MeasuresDocumentTests
{
    private static string Document { get; } = File.ReadAllText(Path.Combine(SharedFiles.Repository, "docs", "measures.md"));

    [Fact]
    public void The_example_gives_what_it_says()
    {
        // <example>
        // A chain, from counts alone: alive nodes of each layer.
        NetworkGraph mlp = NetworkGraph.Chain(784, 256, 128, 10);
        EmergenceValue e = MeasureCatalog.Emergence.Of(mlp, 100, 60, 40, 10);
        BigInteger exact = e.Numerator;             // 231437920
        double? log10 = e.Log10;                    // 8.364434…
        double? relative = e.Over(235_146)?.ToDouble();

        // A residual block x → f → y with x added to y: masks, since an identity edge asks which nodes are alive.
        NetworkLayer[] layers = [new(3), new(3), new(3)];
        NetworkGraph block = new(layers, [NetworkEdge.Dense(0, 1), NetworkEdge.Dense(1, 2), NetworkEdge.Identity(0, 2)]);
        LayerActivity[] activity =
        [
            LayerActivity.FromMask(layers[0], [true, false, false]),
            LayerActivity.FromMask(layers[1], [true, true, false]),
            LayerActivity.FromMask(layers[2], [true, true, false]),
        ];
        EmergenceValue active = MeasureCatalog.EmergenceActive.Of(block, activity);              // 15
        EmergenceValue fromX = MeasureCatalog.Emergence.Contributions(block, activity).From(0);  // 17 of 19

        // E_w: a convolution of 2 filters over 4×4, 2×2 max pooling, a dense layer of 3.
        float[] kernels = [0, 1, 0, 1, 1, 1, 0, 1, 0, /**/ 1, 0, 0, 0, 1, 0, 0, 0, 1];
        float[] weights = [.. Enumerable.Range(0, 3 * 8).Select(i => i % 3 == 0 ? 0f : 1f)];
        NetworkGraph cnn = new(
            [new(1, 16), new(2, 16), new(3)],
            [
                NetworkEdge.Dense(0, 1, Wiring.Convolution(kernels, 1, 2, new SlidingWindow([4, 4], [3, 3], pads: [1, 1, 1, 1]))),
                NetworkEdge.Dense(
                    1, 2, Wiring.Dense(weights, inputs: 8, outputs: 3),
                    map: ElementMap.Windows(2, new SlidingWindow([4, 4], [2, 2], [2, 2])).Reversed()),
            ]);
        EmergenceValue wired = MeasureCatalog.EmergenceWired.Of(cnn, 0, 32, 3);

        // Many samples of one network.
        BigInteger[] perSample = new SampleEvaluator(mlp).Emergence([784, 60, 40, 10, /**/ 700, 55, 41, 10]);
        // </example>

        Assert.Equal(231437920, exact);
        Assert.Equal(8.364434, log10!.Value, 1e-6);
        Assert.Equal(231437920.0 / 235146, relative);
        Assert.Equal("15", active.ToString());
        Assert.Equal("17", fromX.ToString());
        Assert.Equal("19", MeasureCatalog.Emergence.Of(block, activity).ToString());
        Assert.Equal(
            [MeasureCatalog.Emergence.Of(mlp, 784, 60, 40, 10).Rounded,
            MeasureCatalog.Emergence.Of(mlp, 700, 55, 41, 10).Rounded], perSample);

        // Every connection of the convolution ends at an alive node that has its own paths on: 64 of the cross-shaped
        // kernel (16 centers, 4 · 12 arms), 34 of the diagonal one (16, 2 · 9).
        Assert.Equal(64 + 34 + PathsThroughTheDenseLayer(weights), wired.Rounded);
    }

    [Fact]
    public void The_example_in_the_document_is_this_one()
    {
        var source = File.ReadAllText(ThisFile()).ReplaceLineEndings("\n");
        var begin = source.IndexOf("// <example>\n", StringComparison.Ordinal) + "// <example>\n".Length;
        var example = source[begin..source.IndexOf("        // </example>", begin, StringComparison.Ordinal)];
        var block = Document.ReplaceLineEndings("\n").Split("```csharp\n")[1].Split("```")[0];
        var usings = "using System.Numerics;\nusing Emergence.Analyzer.Metrics;\n\n";
        Assert.Equal(usings
            + string.Join('\n',
            example.Split('\n').Select(line => line.StartsWith("        ", StringComparison.Ordinal) ? line[8..] : line)), block);
    }

    [Fact]
    public void The_table_of_worked_values_is_right()
    {
        var rows = Document.Split("## Worked values")[1]
            .Split("##")[0]
            .Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
            .Skip(2)
            .ToArray();
        Assert.InRange(rows.Length, 10, 20);
        foreach (var row in rows)
        {
            var cells = row.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            var graph = NetworkGraph.Chain(Numbers(cells[0]));
            Assert.Equal(cells[2], MeasureCatalog.Emergence.Of(graph, Numbers(cells[1])).ToString());
            Assert.Equal(cells[3], MeasureCatalog.EmergenceActive.Of(graph, Numbers(cells[1])).ToString());
        }
    }

    // Center c of filter f feeds the input at each tap: the paths on from it, times the inputs it reads.
    private static int PathsThroughTheDenseLayer(float[] weights)
    {
        int[][] taps = [[1, 3, 4, 5, 7], [0, 4, 8]];
        var paths = 0;
        for (var node = 0; node < 32; node++)
        {
            var (filter, row, column) = (node / 16, node % 16 / 4, node % 4);
            var reads = taps[filter].Count(tap => row + (tap / 3) is > 0 and < 5 && column + (tap % 3) is > 0 and < 5);
            var pooled = (filter * 4) + (row / 2 * 2) + (column / 2);
            paths += reads * Enumerable.Range(0, 3).Count(output => weights[(output * 8) + pooled] != 0);
        }
        return paths;
    }

    private static int[] Numbers(string cell) =>
        [.. cell.Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];

    private static string ThisFile([CallerFilePath] string path = "") => path;
}

using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Testing;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests;

/// <summary>
/// models/tiny: networks small enough to work out by hand. <c>EMERGENCE_RENEW_GOLDENS=1 dotnet test</c> writes the files.
/// A bias decides which node is alive: 1 or -9, which no input from [0, 1) outweighs through weights of 1/8.
/// </summary>
public class TinyModelFilesTests
{
    [Theory]
    [InlineData("chain-2-3-2", "6", "5", "6")]
    [InlineData("wired-2-3-2", "6", "5", "4")]
    [InlineData("residual-3-3-3", "19", "15", "19")]
    public async Task Its_emergence_is_that_worked_out_by_hand(string name, string emergence, string active, string wired)
    {
        var bytes = ModelFile.Serialize(Build(name));
        var path = Path.Combine(SharedFiles.Repository, "models", "tiny", $"{name}.onnx");
        if (Environment.GetEnvironmentVariable("EMERGENCE_RENEW_GOLDENS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }
        Assert.Equal(File.ReadAllBytes(path), bytes);

        var request = new AnalysisRequest([path], new AnalysisSettings { Device = Device.Cpu, Wired = true },
            new ProbeOptions { Samples = 4 });
        var outcome = await Analysis.RunAsync(request, null, TestContext.Current.CancellationToken);
        var measurement = outcome.Series.Checkpoints[0].Measurements[0];
        Assert.Equal((emergence, active, wired),
            ($"{measurement.Emergence}", $"{measurement.EmergenceActive}", $"{measurement.EmergenceWired}"));
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"| `tiny/{name}.onnx` |"),
            File.ReadAllText(Path.Combine(SharedFiles.Repository, "models", "README.md")), StringComparison.Ordinal);
    }

    private static ModelProto Build(string name)
    {
        var graph = new GraphBuilder(name);
        var x = graph.Input("input", DataType.Float, "N", 2);
        switch (name)
        {
            case "chain-2-3-2":
            case "wired-2-3-2":
                // Rows are source nodes.
                var isWired = name[0] == 'w';
                float[] second = isWired ? [1, 1, 1, 1, 0, 1] : [1, 1, 1, 1, 1, 1];
                float[] third = isWired ? [1, 1, 0, 1, 1, 0] : [1, 1, 1, 1, 1, 1];
                x = Dense(graph, "fc1", x, [1, 1, 1, 1], [true, false]);
                x = Dense(graph, "fc2", x, second, [true, true, false]);
                x = Dense(graph, "fc3", x, third, [true, false]);
                break;
            case "residual-3-3-3":
                var skip = Dense(graph, "x", x, [1, 1, 1, 1, 1, 1], [true, false, false]);
                var f = Dense(graph, "f", skip, [1, 1, 1, 1, 1, 1, 1, 1, 1], [true, true, false]);
                x = Dense(graph, "y", f, [1, 1, 1, 1, 1, 1, 1, 1, 1], [true, true, false], skip);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(name), name, "no such model");
        }
        graph.Output(x, DataType.Float, "N", name[0] == 'r' ? 3 : 2);
        return graph.Build(opset: 17, ir: 8, producer: "emergence-analyzer tests");
    }

    /// <summary>A dense layer with ReLU; weights of 1/8 where <paramref name="pattern"/> ([inputs, outputs]) is 1.</summary>
    private static string Dense(GraphBuilder graph, string name, string x, float[] pattern, bool[] alive, string? skip = null)
    {
        var weight = graph.Initializer(
            TensorValues.FromFloats($"{name}.weight", [pattern.Length / alive.Length, alive.Length],
            [.. pattern.Select(bit => bit / 8)]));
        var bias = graph.Initializer(
            TensorValues.FromFloats($"{name}.bias", [alive.Length], [.. alive.Select(isAlive => isAlive ? 1f : -9f)]));
        graph.Graph.Node.Add(
            new NodeProto { Name = name, OpType = "Gemm", Input = { x, weight, bias }, Output = { $"{name}.out" } });
        x = $"{name}.out";
        if (skip is not null)
        {
            graph.Graph.Node.Add(
                new NodeProto { Name = $"{name}.add", OpType = "Add", Input = { x, skip }, Output = { $"{name}.sum" } });
            x = $"{name}.sum";
        }
        graph.Graph.Node.Add(new NodeProto { Name = $"{name}.relu", OpType = "Relu", Input = { x }, Output = { $"{name}.act" } });
        return $"{name}.act";
    }
}

using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Tests.Series;

/// <summary>
/// Chains of dense layers whose weights are zero: the activation of a node is its bias, cut off at zero but for the last
/// layer.
/// </summary>
internal static class BiasChains
{
    /// <summary>Saves a chain from four inputs with these biases and returns its path.</summary>
    public static string Save(TemporaryFolder folder, string name, params double[][] biases)
    {
        var model = new TinyModel(17).Input("x", [null, 4]);
        var (tensor, width) = ("x", 4);
        for (var i = 0; i < biases.Length; i++)
        {
            model.Initializer($"w{i}", [width, biases[i].Length], new double[width * biases[i].Length])
                .Initializer($"b{i}", [biases[i].Length], biases[i])
                .Node("Gemm", $"{tensor} w{i} b{i}", $"h{i}");
            model.Proto.Graph.Node[^1].Name = $"fc{i}";
            (tensor, width) = ($"h{i}", biases[i].Length);
            if (i < biases.Length - 1)
                model.Node("Relu", tensor, tensor = $"y{i}");
        }
        ModelFile.Save(model.Output(tensor, [null, width]).Proto, folder.Path(name));
        return folder.Path(name);
    }

    /// <summary>Biases of which the first are alive and the others dead.</summary>
    public static double[] Biases(int nodes, int alive) =>
        [.. Enumerable.Range(0, nodes).Select(node => node < alive ? 1.0 : -1.0)];
}

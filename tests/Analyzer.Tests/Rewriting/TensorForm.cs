using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>What a run shows of a tensor.</summary>
/// <param name="Type">Its element type.</param>
/// <param name="Dims">Its dimensions in that run.</param>
internal sealed record TensorForm(DataType Type, long[] Dims)
{
    public int Rank => Dims.Length;

    public bool IsFloat => Type is DataType.Float or DataType.Float16 or DataType.Double;

    /// <summary>The forms of every tensor that the nodes of a model's main graph write, from one run.</summary>
    public static Dictionary<string, TensorForm> Of(ModelProto original, string path,
        IReadOnlyList<(string Name, OrtValue Value)> feeds)
    {
        var model = original.Clone();
        model.Graph.Output.Clear();
        foreach (var tensor in model.Graph.Node.SelectMany(node => node.Output).Where(output => output.Length > 0))
            model.Graph.Output.Add(new ValueInfoProto { Name = tensor });
        using var session = SessionFactory.Create(new AnalysisSettings
        {
            Device = Device.Cpu,
            Threads = 1,
            Optimization = Optimization.None
        }).Open(model, path);
        using var options = new RunOptions();
        using var results = session.Run(options, [.. feeds.Select(feed => feed.Name)], [.. feeds.Select(feed => feed.Value)],
            session.OutputNames);
        var forms = new Dictionary<string, TensorForm>(StringComparer.Ordinal);
        foreach (var (name, value) in session.OutputNames.Zip(results).Where(pair => pair.Second.IsTensor))
            forms[name] = Of(value);
        foreach (var (name, value) in feeds)
            forms[name] = Of(value);
        return forms;
    }

    private static TensorForm Of(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        return new TensorForm((DataType)info.ElementDataType, info.Shape);
    }
}

using System.Collections.Immutable;
using Emergence.Analyzer.Landscapes;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Losses;
using Emergence.Measuring.Probes;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Landscapes;

/// <summary>Models made by hand with their samples, and the landscapes of them.</summary>
internal static class LandscapeRun
{
    public static Landscape Of(LandscapeRequest request)
    {
        var outcome = new LandscapeAnalysis(request).Run(TestContext.Current.CancellationToken);
        return outcome.Failures.IsEmpty ? outcome.Landscapes.Single() : throw new UserException(outcome.Failures[0].Message);
    }

    public static LandscapeNumber Number(this Landscape landscape, string name) =>
        landscape.Numbers.Single(number => number.Name == name);

    public static string Save(TemporaryFolder folder, string name, TinyModel model)
    {
        var path = folder.Path(name);
        ModelFile.Save(model.Proto, path);
        return path;
    }

    /// <summary>A classifier of three classes with a hidden layer, its last weight given.</summary>
    public static TinyModel Classifier(string end = "", int seed = 0)
    {
        var model = new TinyModel(13).Declared("x", "batch 6")
            .Initializer("w1", [6, 8], TinyModel.Sixteenths(48, 10 + seed)).Initializer("b1", [8], TinyModel.Sixteenths(8, 20
                + seed))
            .Initializer("w2", [3, 8], TinyModel.Sixteenths(24, 30 + seed)).Initializer("b2", [3], TinyModel.Sixteenths(3, 40
                + seed))
            .Node("MatMul", "x w1", "h1").Node("Add", "h1 b1", "h2").Node("Relu", "h2", "h3")
            .Node("Gemm", "h3 w2 b2", end.Length == 0 ? "y" : "z", TransB);
        return (end switch
        {
            "" => model,
            "parts" => model.Node("Exp", "z", "e").Longs("one", 1).Node("ReduceSum", "e one", "s").Node("Div", "e s", "y"),
            _ => model.Node(end, "z", "y"),
        }).Output("y", [null, 3]);
    }

    public static Onnx.AttributeProto TransB =>
        new() { Name = "transB", Type = Onnx.AttributeProto.Types.AttributeType.Int, I = 1 };

    public const int Samples = 40;

    /// <summary>Samples and labels for <see cref="Classifier"/>.</summary>
    public static ProbeOptions Labeled(TemporaryFolder folder) => new()
    {
        Data =
        [
            WholeAnalysis.Data(folder, "x.npy", TinyModel.Encode(TinyModel.Sixteenths(Samples * 6, 5), DataType.Float), Samples,
                6),
        ],
        Labels = folder.Write("labels.txt",
            System.Text.Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, Samples).Select(i => i * 7 % 3)))),
    };

    public static LandscapeRequest Request(ProbeOptions probe, params ImmutableArray<string> checkpoints) =>
        new(checkpoints, WholeAnalysis.OnCpu, probe, new LossSettings(LossKind.CrossEntropy) { Workers = 1 })
        {
            Grid = 5,
            Pairs = 2,
        };

    /// <summary>Opens the loss of a model.</summary>
    public static LossSurface Open(string path, ProbeOptions probe, LossSettings? loss = null)
    {
        var (model, samples) = TracedCheckpoint.On(Checkpoint.Open(path), WholeAnalysis.OnCpu, new ProbeCache(probe),
            SessionFactory.Create(WholeAnalysis.OnCpu), null, default);
        return LossSurface.Open(model, samples, WholeAnalysis.OnCpu, loss ?? new LossSettings(LossKind.CrossEntropy), default);
    }
}

using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Testing;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests;

/// <summary>One network saved in different ways gives one answer.</summary>
public class SameNumbersTests
{
    [Fact]
    public Task External_data_inline_or_as_typed_fields() => HoldsFor("control/dynamo211_mlp_extdata/model.onnx", model => model);

    [Fact]
    public Task A_model_written_by_us() => HoldsFor("mnist/pytorch13_mlp_256x2.onnx", model => model);

    [Fact]
    public Task Constants_folded_or_computed_in_the_graph() => HoldsFor("mnist/pytorch13_mlp_256x2.onnx", Unfolded);

    /// <summary>Measures a model of ../shared as it is and as raw, typed and external copies of what
    /// <paramref name="rewrite"/> makes of it.</summary>
    private static async Task HoldsFor(string name, Func<ModelProto, ModelProto> rewrite)
    {
        using var folder = new TemporaryFolder();
        var path = SharedFiles.Require(["models", .. name.Split('/')]);
        var original = await Measure(path);
        var source = Checkpoint.Open(path);
        var forms = new Dictionary<string, Func<TensorProto, TensorProto>>
        {
            ["raw"] = tensor =>
                TensorValues.FromRaw(tensor.Name, (DataType)tensor.DataType, [.. tensor.Dims],
                    TensorValues.ToRaw(tensor, source.Directory)),
            ["typed"] = tensor => Typed(tensor, source.Directory),
            ["external"] = tensor => External(tensor, source.Directory, folder.Root),
        };
        foreach (var (form, store) in forms)
        {
            var model = rewrite(source.Model.Clone());
            var tensors = model.Graph.Initializer.Select(store).ToArray();
            model.Graph.Initializer.Clear();
            model.Graph.Initializer.AddRange(tensors);
            var copy = folder.Path($"{form}.onnx");
            ModelFile.Save(model, copy);
            Assert.Equal(original, await Measure(copy));
        }
    }

    private static async Task<string> Measure(string path)
    {
        var request = new AnalysisRequest([path], new AnalysisSettings { Device = Device.Cpu, Wired = true },
            new ProbeOptions { Samples = 16 });
        var outcome = await Analysis.RunAsync(request, null, TestContext.Current.CancellationToken);
        Assert.Empty(outcome.Failures);
        var checkpoint = outcome.Series.Checkpoints[0];
        var measurement = checkpoint.Measurements[0];
        var layers = string.Join("; ", measurement.Layers.Select(layer =>
            $"{layer.Nodes} {Bits(layer.Mask!)} {layer.ParametersNonzero}"));
        return $"{measurement.Emergence} {measurement.EmergenceActive} {measurement.EmergenceWired} {checkpoint.Parameters} "
            + $"{layers}";
    }

    private static string Bits(NodeMask mask) =>
        string.Concat(Enumerable.Range(0, mask.Count).Select(node => mask[node] ? '1' : '0'));

    private static TensorProto Typed(TensorProto tensor, string directory)
    {
        var typed = new TensorProto { Name = tensor.Name, DataType = tensor.DataType, Dims = { tensor.Dims } };
        if ((DataType)tensor.DataType == DataType.Float)
            typed.FloatData.AddRange(TensorValues.ToFloats(tensor, directory));
        else
            typed.Int64Data.AddRange(TensorValues.ToLongs(tensor, directory));
        return typed;
    }

    private static TensorProto External(TensorProto tensor, string directory, string folder)
    {
        var file = $"{tensor.Name.GetHashCode(StringComparison.Ordinal):x8}.bin";
        File.WriteAllBytes(Path.Combine(folder, file), TensorValues.ToRaw(tensor, directory));
        return new TensorProto
        {
            Name = tensor.Name,
            DataType = tensor.DataType,
            Dims = { tensor.Dims },
            DataLocation = DataLocation.External,
            ExternalData = { new StringStringEntryProto { Key = "location", Value = file } },
        };
    }

    /// <summary>Each weight matrix stored transposed, with a Transpose before its layer that a folding
    /// exporter would have removed.</summary>
    private static ModelProto Unfolded(ModelProto model)
    {
        foreach (var node in model.Graph.Node.Where(node => node.OpType == "Gemm").ToArray())
        {
            var weight = model.Graph.Initializer.Single(tensor => tensor.Name == node.Input[1]);
            var (rows, columns) = ((int)weight.Dims[0], (int)weight.Dims[1]);
            var values = TensorValues.ToFloats(weight, null);
            var turned = new float[values.Length];
            for (var i = 0; i < values.Length; i++)
                turned[i % columns * rows + i / columns] = values[i];
            model.Graph.Initializer[model.Graph.Initializer.IndexOf(weight)] =
                TensorValues.FromFloats($"{weight.Name}_turned", [columns, rows], turned);
            model.Graph.Node.Insert(0,
                new NodeProto { OpType = "Transpose", Input = { $"{weight.Name}_turned" }, Output = { weight.Name } });
        }
        return model;
    }
}

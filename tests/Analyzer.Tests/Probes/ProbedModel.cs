using System.Runtime.InteropServices;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Tracing.Model;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Analyzer.Tests.Probes;

/// <summary>A checkpoint of which only inputs and metadata matter.</summary>
internal sealed class ProbedModel(TemporaryFolder folder)
{
    private readonly GraphBuilder graph = new("probed");
    private readonly List<ModelInput> inputs = [];

    public CheckpointMetadata Metadata { get; init; } = new();

    /// <summary>An input; the batch axis is free where it is null, other free axes have a symbol.</summary>
    public ProbedModel Input(
        string name, long?[] shape, DataType type = DataType.Float, int batchAxis = 0, string[]? symbols = null,
        int? vocabulary = null)
    {
        graph.Input(name, type, [.. shape.Select(size => size is { } known ? new Dimension(known) : new Dimension(0, "N"))]);
        inputs.Add(new ModelInput(name, (int)type, [.. shape], [.. symbols ?? [.. shape.Select(_ => "")]], batchAxis,
            vocabulary));
        return this;
    }

    /// <summary>An input without a declared shape.</summary>
    public ProbedModel Shapeless(string name)
    {
        graph.Graph.Input.Add(
            new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new() { ElemType = (int)DataType.Float } } });
        inputs.Add(new ModelInput(name, (int)DataType.Float, [], [], -1));
        return this;
    }

    public Probe Resolve(ProbeOptions? options = null)
    {
        var model = graph.Build(opset: 17, ir: 8, producer: "tests");
        Metadata.WriteTo(model);
        var path = folder.Path("model.onnx");
        ModelFile.Save(model, path);
        return ProbeResolver.Resolve(
            Checkpoint.Open(path), new LayerGraph([], [], [.. inputs], 0, []), options ?? new ProbeOptions(),
            CancellationToken.None);
    }

    public Probe Resolve(params string[] data) => Resolve(new ProbeOptions { Data = [.. data] });

    public static float[] Floats(ProbeInput input) => Values<float>(input);

    public static T[] Values<T>(ProbeInput input) where T : struct =>
        MemoryMarshal.Cast<byte, T>(Read(input).AsSpan()).ToArray();

    public static byte[] Read(ProbeInput input)
    {
        var data = new byte[input.Values.Samples * input.SampleBytes];
        using var reader = input.Values.Open();
        reader.Read(0, input.Values.Samples, data);
        return data;
    }
}

using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Emergence.Measuring.Probes;
using Emergence.Tracing.Model;
using Google.Protobuf;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Instrumentation;

/// <summary>A model of a few nodes, put together by hand, with the layers a tracer would find in it.</summary>
internal sealed class TinyModel
{
    private readonly List<TracedLayer> layers = [];
    private readonly List<ModelInput> inputs = [];

    public TinyModel(int opset, int ir = 7) =>
        Proto = new ModelProto
        {
            IrVersion = ir,
            OpsetImport = { new OperatorSetIdProto { Version = opset } },
            Graph = new GraphProto { Name = "tiny" }
        };

    public ModelProto Proto { get; }

    public LayerGraph Graph => new([.. layers], [], [.. inputs], 0, []);

    /// <summary>An input; a null dimension is free.</summary>
    public TinyModel Input(string name, long?[] shape, DataType type = DataType.Float, int batchAxis = 0)
    {
        Proto.Graph.Input.Add(Value(name, type, shape));
        inputs.Add(new ModelInput(name, (int)type, [.. shape], [.. shape.Select(size => size is null ? "N" : "")], batchAxis));
        return this;
    }

    /// <summary>An input by its dimensions as the file declares them: <c>batch 5 4</c>, with a name for what is free.</summary>
    public TinyModel Declared(string name, string dims, DataType type = DataType.Float)
    {
        var value = Value(name, type, []);
        foreach (var dim in dims.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            value.Type.TensorType.Shape.Dim.Add(
                long.TryParse(dim, out var size)
                    ? new TensorShapeProto.Types.Dimension { DimValue = size }
                    : new TensorShapeProto.Types.Dimension { DimParam = dim });
        Proto.Graph.Input.Add(value);
        return this;
    }

    public TinyModel Output(string name, long?[]? shape = null, DataType type = DataType.Float)
    {
        Proto.Graph.Output.Add(Value(name, type, shape));
        return this;
    }

    public TinyModel Initializer(string name, long[] dims, IEnumerable<double> values, DataType type = DataType.Float)
    {
        Proto.Graph.Initializer.Add(
            new TensorProto
            {
                Name = name,
                DataType = (int)type,
                Dims = { dims },
                RawData = ByteString.CopyFrom(Encode(values, type))
            });
        return this;
    }

    /// <summary>A weight of quarters, by its name a different one each.</summary>
    public TinyModel Weight(string name, params long[] dims) =>
        Initializer(name, dims, Quarters((int)dims.Aggregate(1L, (count, dim) => count * dim), name.Sum(c => c)));

    /// <summary>An int64 tensor of rank 1.</summary>
    public TinyModel Longs(string name, params long[] values) =>
        Initializer(name, [values.Length], values.Select(value => (double)value), DataType.Int64);

    /// <summary>A float32 scalar.</summary>
    public TinyModel Scalar(string name, double value) => Initializer(name, [], [value]);

    /// <summary>A node without a name; an operator of another domain is given as <c>domain::Operator</c>.</summary>
    public TinyModel Node(string op, string inputs, string output, params AttributeProto[] attributes)
    {
        var node = new NodeProto { OpType = op, Output = { output.Split(' ') }, Attribute = { attributes } };
        if (inputs.Length > 0)
            node.Input.Add(inputs.Split(' '));
        if (op.Split("::") is [var domain, var name])
        {
            (node.Domain, node.OpType) = (domain, name);
            if (Proto.OpsetImport.All(import => import.Domain != domain))
                Proto.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = 1 });
        }
        Proto.Graph.Node.Add(node);
        return this;
    }

    public TinyModel Layer(string tensor, ReadAxis[] axes, DataType type = DataType.Float, long[]? reshape = null,
        AxisSlice? slice = null, bool convolution = false)
    {
        int Product(AxisRole role) =>
            axes.Select((axis, i) => axis.Role != role ? 1 : slice?.Axis == i ? slice.End - slice.Start : axis.Size)
            .Aggregate(1, (product, size) => product * size);
        layers.Add(new TracedLayer
        {
            Index = layers.Count,
            Name = $"layer-{tensor}",
            Op = "Gemm",
            Activation = "Relu",
            Reading = new Reading(tensor, (int)type, [.. axes], reshape is null ? null : [.. reshape], slice),
            Channels = Product(AxisRole.Channel),
            Positions = Product(AxisRole.Position),
            IsConvolution = convolution,
        });
        return this;
    }

    public static ReadAxis Batch(int size = 1) => new(AxisRole.Batch, size);

    public static ReadAxis Sample(int size) => new(AxisRole.Sample, size);

    public static ReadAxis Channel(int size) => new(AxisRole.Channel, size);

    public static ReadAxis Position(int size) => new(AxisRole.Position, size);

    /// <summary>Multiples of 1/16 in [-1, 1]: sums of a few products are exact in float32.</summary>
    public static double[] Sixteenths(int count, int seed) => Fractions(count, seed, 16);

    /// <summary>Multiples of 1/4 in [-1, 1]: sums of a few products are exact even in float16.</summary>
    public static double[] Quarters(int count, int seed) => Fractions(count, seed, 4);

    /// <summary>A probe for models of one input.</summary>
    public Probe Probe(int samples, IReadOnlyList<double> values, ImmutableArray<int>? labels = null) =>
        Probe(samples, [values], labels);

    /// <summary>A probe: the values of each input, sample after sample.</summary>
    public Probe Probe(int samples, IReadOnlyList<IReadOnlyList<double>> values, ImmutableArray<int>? labels = null) => new(
        [.. inputs.Zip(values, (input, data) => new ProbeInput(input.Name, input.ElementType,
            [.. input.Shape.Where((_, axis) => axis != input.BatchAxis).Select(size => (int)size!.Value)],
            Encode(data, (DataType)input.ElementType)))],
        samples, labels, new ProbeProvenance("tiny", "", samples, null), []);

    private static double[] Fractions(int count, int seed, int parts)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(-parts, parts + 1) / (double)parts)];
    }

    /// <summary>Values as the bytes of a tensor.</summary>
    public static byte[] Encode(IEnumerable<double> values, DataType type) => type switch
    {
        DataType.Float => Bytes(values.Select(value => (float)value)),
        DataType.Double => Bytes(values),
        DataType.Float16 => Bytes(values.Select(value => (Half)value)),
        DataType.Int64 => Bytes(values.Select(value => (long)value)),
        DataType.Int32 => Bytes(values.Select(value => (int)value)),
        DataType.Int8 => Bytes(values.Select(value => (sbyte)value)),
        DataType.Uint8 => Bytes(values.Select(value => (byte)value)),
        DataType.Bool => Bytes(values.Select(value => value != 0)),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static byte[] Bytes<T>(IEnumerable<T> values) where T : struct =>
        MemoryMarshal.AsBytes(values.ToArray().AsSpan()).ToArray();

    private static ValueInfoProto Value(string name, DataType type, long?[]? shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type };
        if (shape is not null)
        {
            tensor.Shape = new TensorShapeProto();
            foreach (var size in shape)
                tensor.Shape.Dim.Add(size is { } known
                    ? new TensorShapeProto.Types.Dimension { DimValue = known }
                    : new TensorShapeProto.Types.Dimension { DimParam = "N" });
        }
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}

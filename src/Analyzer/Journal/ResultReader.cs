using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Journal;

/// <summary>Reads what <see cref="ResultWriter"/> wrote: of the same program, as the key says, and undamaged, as its hash
/// said.</summary>
/// <param name="from">Where from.</param>
internal sealed class ResultReader(BinaryReader from)
{
    public MeasuredCheckpoint Read() => new(
        Array(Measurement), Real(), Array(() => NodeValues().ToArray()), Diagnostics(), Providers());

    public ImmutableArray<float[]> NodeValues() => Array(() => Floats().ToArray());

    public ImmutableArray<Diagnostic> Diagnostics() =>
        Array(() => new Diagnostic((Severity)from.ReadInt32(), from.ReadString(), from.ReadString()));

    public ImmutableArray<ProviderNodes> Providers() => Array(() => new ProviderNodes(from.ReadString(), from.ReadInt32()));

    public Measurement Measurement() => new()
    {
        Threshold = from.ReadSingle(),
        Layers = Array(Layer),
        Emergence = Value(),
        EmergenceActive = Value(),
        EmergenceWired = from.ReadBoolean() ? Value() : null,
        PerSample = from.ReadBoolean() ? new SampleEmergence(new(Array(Value)), new(Array(Value))) : null,
        Intervals = from.ReadBoolean() ? Intervals() : null,
        Contributions = from.ReadBoolean() ? Contributions() : null,
        Nulls = Array(Null),
        PathNorm = Real(),
        ZeroCause = (ZeroCause)from.ReadInt32(),
        RelativeEmergence = Real(),
        RelativeEmergenceAll = Real(),
        ActivationChange = Real(),
        Step = from.ReadBoolean() ? new EmergenceStep(Change(), from.ReadBoolean() ? Split() : null) : null,
    };

    private EmergenceSplit Split() => new(
        Change(), Array(() => new LayerStep(from.ReadInt32(), from.ReadInt32(), Change())), Value(),
        from.ReadBoolean() ? new NodeStep(from.ReadInt32(), Whole(), from.ReadBoolean(), Change()) : null);

    private EmergenceChange Change() => new(from.ReadBoolean(), Value());

    private LayerResult Layer() => new()
    {
        Index = from.ReadInt32(),
        Name = from.ReadString(),
        Op = from.ReadString(),
        Activation = from.ReadString(),
        Nodes = from.ReadInt32(),
        Alive = from.ReadInt32(),
        AliveInterval = from.ReadBoolean() ? Interval() : null,
        Multiplicity = from.ReadInt32(),
        AliveMultiplicity = from.ReadInt32(),
        Borderline = from.ReadInt32(),
        NodesNan = from.ReadInt32(),
        NodesInf = from.ReadInt32(),
        AliveByBias = Whole(),
        EmergenceShare = Real(),
        NeverFired = Whole(),
        Slope = from.ReadBoolean() ? Change() : null,
        Spectrum = from.ReadBoolean()
            ? new WeightSpectrum(from.ReadDouble(), from.ReadDouble(), from.ReadDouble(), Real(), Real(), Real())
            : null,
        ActivationRanks = from.ReadBoolean() ? new ActivationSpectrum(from.ReadDouble(), from.ReadDouble()) : null,
        Units = from.ReadBoolean() ? new LayerUnits(Floats(), Floats(), Floats()) : null,
        Woke = Whole(),
        Died = Whole(),
        Parameters = from.ReadInt64(),
        ParametersNonzero = from.ReadInt64(),
        ActivationMean = Real(),
        ActivationMax = Real(),
        Mask = from.ReadBoolean() ? Mask() : null,
    };

    private NullResult Null() => new(
        new NullModel((NullKind)from.ReadInt32(), from.ReadInt32(), from.ReadInt32()), (NullMeasure)from.ReadInt32(),
        from.ReadDouble(), from.ReadDouble(), Real(), Value(), Value(), Value());

    private BootstrapIntervals Intervals() =>
        new(Array(Interval), Interval(), new(Value(), Value()), new(Value(), Value()));

    private Contributions Contributions()
    {
        var layers = from.ReadInt32();
        var values = new EmergenceValue[layers, layers];
        for (var start = 0; start < layers; start++)
        {
            for (var end = 0; end < layers; end++)
                values[start, end] = Value();
        }
        return new Contributions(values);
    }

    private NodeMask Mask()
    {
        var nodes = from.ReadInt32();
        return NodeMask.FromBytes(nodes, from.ReadBytes((nodes + 7) / 8));
    }

    private Interval<int> Interval() => new(from.ReadInt32(), from.ReadInt32());

    public EmergenceValue Value() => new(Number(), Number());

    private BigInteger Number() => new(from.ReadBytes(from.ReadInt32()));

    private ImmutableArray<float> Floats()
    {
        var values = new float[from.ReadInt32()];
        from.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return ImmutableCollectionsMarshal.AsImmutableArray(values);
    }

    public double? Real() => from.ReadBoolean() ? from.ReadDouble() : null;

    public int? Whole() => from.ReadBoolean() ? from.ReadInt32() : null;

    public ImmutableArray<T> Array<T>(Func<T> read)
    {
        var items = ImmutableArray.CreateBuilder<T>(from.ReadInt32());
        while (items.Count < items.Capacity)
            items.Add(read());
        return items.MoveToImmutable();
    }
}

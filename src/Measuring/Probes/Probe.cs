using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Datasets;

namespace Emergence.Measuring.Probes;

/// <summary>What the user said about the samples to record activations on.</summary>
public sealed record ProbeOptions
{
    /// <summary>Paths or data set names, each optionally <c>input=path</c>; empty: what the checkpoint
    /// records, else random.</summary>
    public ImmutableArray<string> Data { get; init; } = [];

    /// <summary>Folder with the data sets' files.</summary>
    public string? DataDir { get; init; }

    /// <summary>The part of a data set; null: what the checkpoint records, else <see cref="DataSplit.Test"/>.</summary>
    public DataSplit? Split { get; init; }

    /// <summary>The number of samples, the first in stored order; null: all.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int? Samples
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Samples), value, "expected 1 or more");
    } = 1024;

    /// <summary>File of labels, where the data has none of its own.</summary>
    public string? Labels { get; init; }

    /// <summary>x · scale, before the mean is taken off; null: what the checkpoint records, else 1.</summary>
    public float? Scale { get; init; }

    /// <summary>Taken off, one value or one per channel; empty: what the checkpoint records, else 0.</summary>
    public ImmutableArray<float> Mean { get; init; } = [];

    /// <summary>Divided by, one value or one per channel; empty: what the checkpoint records, else 1.</summary>
    public ImmutableArray<float> Std { get; init; } = [];

    /// <summary>The model input that the samples feed, where it has several.</summary>
    public string? Input { get; init; }

    /// <summary>Sizes of free dimensions by name.</summary>
    public ImmutableDictionary<string, int> Dimensions { get; init; } = ImmutableDictionary<string, int>.Empty;

    /// <summary>Seed of random samples.</summary>
    public int Seed { get; init; }
}

/// <summary>The values that feed one model input, sample after sample.</summary>
/// <param name="Name">The model input.</param>
/// <param name="ElementType">Its <c>TensorProto.DataType</c>; the data are already of this type.</param>
/// <param name="SampleShape">Shape of one sample: the input's, without its batch axis.</param>
/// <param name="Values">The samples, of <c>Π SampleShape</c> elements each.</param>
public sealed record ProbeInput(string Name, int ElementType, ImmutableArray<int> SampleShape, SampleValues Values)
{
    /// <summary>Values that are in memory.</summary>
    /// <param name="name">The model input.</param>
    /// <param name="elementType">Its <c>TensorProto.DataType</c>.</param>
    /// <param name="sampleShape">Shape of one sample.</param>
    /// <param name="data">All samples, contiguous, little-endian.</param>
    public ProbeInput(string name, int elementType, ImmutableArray<int> sampleShape, ReadOnlyMemory<byte> data)
        : this(name, elementType, sampleShape, SampleValues.Of(data, BytesOf(elementType, sampleShape)))
    {
    }

    /// <summary>Bytes of one sample.</summary>
    public int SampleBytes => BytesOf(ElementType, SampleShape);

    private static int BytesOf(int elementType, ImmutableArray<int> sampleShape) =>
        sampleShape.Aggregate(NumericArray.ElementSize(elementType), (bytes, size) => bytes * size);
}

/// <summary>The samples on which activations are recorded, preprocessed and laid out as the model wants them.</summary>
/// <param name="Inputs">One entry per model input, in the model's order.</param>
/// <param name="Samples">Number of samples.</param>
/// <param name="Labels">Class of each sample, or null.</param>
/// <param name="Provenance">Name, hash, count, seed.</param>
/// <param name="Diagnostics">For instance that the samples are random.</param>
public sealed record Probe(
    ImmutableArray<ProbeInput> Inputs, int Samples, ImmutableArray<int>? Labels, ProbeProvenance Provenance,
    ImmutableArray<Diagnostic> Diagnostics)
{
    /// <summary>Where the labels come from; null where that is not known.</summary>
    public LabelOrigin? LabelOrigin { get; init; }

    /// <summary>Samples that the data hold, of which the first are fed; null where they are drawn.</summary>
    public int? Available { get; init; }
}

/// <summary>Where labels come from. A part of them may not tell from which number they are counted.</summary>
/// <param name="Subject">What errors call them.</param>
/// <param name="Least">The smallest of all that are stored there.</param>
/// <param name="Largest">The largest.</param>
/// <param name="IsChosen">Whether the user named them; else they came with the samples.</param>
public sealed record LabelOrigin(string Subject, int Least, int Largest, bool IsChosen);

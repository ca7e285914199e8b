using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Onnx;
using static TorchSharp.torch;

namespace Emergence.Trainer.Training;

/// <summary>A whole split in memory, ready for the network: float inputs (N, C, H, W) and int64 labels (N).</summary>
internal sealed class SampleTensors : IDisposable
{
    private SampleTensors(Tensor inputs, Tensor labels, ImmutableArray<int> shape)
    {
        (Inputs, Labels, SampleShape) = (inputs, labels, shape);
        Count = checked((int)labels.shape[0]);
    }

    /// <summary>The preprocessed samples.</summary>
    public Tensor Inputs { get; }

    /// <summary>The class of each sample.</summary>
    public Tensor Labels { get; }

    /// <summary>Channels, height and width.</summary>
    public ImmutableArray<int> SampleShape { get; }

    /// <summary>Number of samples.</summary>
    public int Count { get; }

    /// <summary>Converts and preprocesses a labelled set of images.</summary>
    /// <exception cref="UserException">The set has no labels, or its samples are not images of bytes.</exception>
    public static SampleTensors From(SampleSet set, Preprocessing preprocessing)
    {
        if (set.ElementType != (int)TensorProto.Types.DataType.Uint8 || set.SampleShape.Length != 3)
            throw new UserException($"{set.Name}: is not a set of images with one byte per channel; choose another --dataset");
        if (set.Labels is not { } classes)
            throw new UserException($"{set.Name}: has no labels to train on; choose another --dataset");

        using var scope = NewDisposeScope();
        var inputs = empty([set.Count, .. set.SampleShape.Select(size => (long)size)]);
        var table = preprocessing.ByteTable();
        var bytes = set.Data.Span;
        var values = MemoryMarshal.Cast<byte, float>(inputs.bytes);
        for (var i = 0; i < bytes.Length; i++)
            values[i] = table[bytes[i]];
        var labels = tensor(Array.ConvertAll(classes, label => (long)label));
        return new SampleTensors(inputs.MoveToOuterDisposeScope(), labels.MoveToOuterDisposeScope(), set.SampleShape);
    }

    public void Dispose()
    {
        Inputs.Dispose();
        Labels.Dispose();
    }
}

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

    /// <summary>Converts and preprocesses a labeled set of images.</summary>
    /// <exception cref="UserException">The set has no labels, its samples are not images of bytes, or the preprocessing is for
    /// other channels.</exception>
    public static SampleTensors From(SampleSet set, Preprocessing preprocessing)
    {
        if (set.ElementType != (int)TensorProto.Types.DataType.Uint8 || set.SampleShape.Length != 3)
            throw new UserException($"{set.Name}: is not a set of images with one byte per channel; choose another --dataset");
        if (set.Labels is not { } classes)
            throw new UserException($"{set.Name}: has no labels to train on; choose another --dataset");

        using var scope = NewDisposeScope();
        var inputs = empty([set.Count, .. set.SampleShape.Select(size => (long)size)]);
        Convert(set, preprocessing.ByteTables(set.SampleShape[0]), MemoryMarshal.Cast<byte, float>(inputs.bytes));
        var labels = tensor(Array.ConvertAll(classes, label => (long)label));
        return new SampleTensors(inputs.MoveToOuterDisposeScope(), labels.MoveToOuterDisposeScope(), set.SampleShape);
    }

    public void Dispose()
    {
        Inputs.Dispose();
        Labels.Dispose();
    }

    private static void Convert(SampleSet set, ImmutableArray<float[]> tables, Span<float> values)
    {
        var bytes = set.Data.Span;
        var plane = set.SampleShape[1] * set.SampleShape[2];
        for (var start = 0; start < bytes.Length; start += plane)
        {
            var table = tables[start / plane % tables.Length];
            for (var i = start; i < start + plane; i++)
                values[i] = table[bytes[i]];
        }
    }
}

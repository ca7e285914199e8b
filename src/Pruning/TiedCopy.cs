using Emergence.Checkpoints;

namespace Emergence.Pruning;

/// <summary>A tied weight that is stored a second time, as it is or transposed: it loses what its original loses.</summary>
internal sealed class TiedCopy
{
    private readonly WeightTensor original;
    private readonly bool isTransposed;
    private readonly int columns;

    /// <param name="tensor">The copy, not pruned yet.</param>
    /// <param name="original">A tensor of the same values, not pruned yet.</param>
    /// <param name="stored">Both.</param>
    public TiedCopy(WeightTensor tensor, WeightTensor original, StoredTensors stored)
    {
        (Tensor, this.original) = (tensor, original);
        var dims = stored.Dims(tensor.Name);
        isTransposed = !dims.SequenceEqual(stored.Dims(original.Name))
            || !stored.Doubles(tensor.Name).AsSpan().SequenceEqual(stored.Doubles(original.Name));
        columns = checked((int)dims[^1]);
    }

    /// <summary>The copy.</summary>
    public WeightTensor Tensor { get; }

    /// <summary>Makes zero what is zero in the original.</summary>
    public void Follow()
    {
        var (rows, isZero) = ((int)Tensor.Count / columns, original.ZeroElements());
        for (var i = 0; i < Tensor.Count; i++)
        {
            if (isZero[isTransposed ? i % columns * rows + i / columns : i])
                Tensor.Clear(i);
        }
    }
}

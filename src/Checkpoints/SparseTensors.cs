using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Checkpoints;

/// <summary>Sparse tensors made dense.</summary>
public static class SparseTensors
{
    // In bytes; and dense bytes for each that is stored: a tensor of which 0.1 % is not zero.
    private const long MostDescribed = 1 << 26;
    private const long MostSpread = 1000;

    /// <summary>The dense tensor of the same name, type and values, stored raw.</summary>
    /// <param name="sparse">
    /// Values of shape [NNZ], with int64 indices of shape [NNZ] into the flattened tensor or [NNZ, rank].
    /// </param>
    /// <param name="directory">The model's folder, for external data; null if there is none.</param>
    /// <exception cref="UserException">An index lies outside, the parts do not fit, or the dense form passes 2 GB.</exception>
    public static TensorProto ToDense(SparseTensorProto sparse, string? directory)
    {
        ArgumentNullException.ThrowIfNull(sparse);
        if (sparse.Values is null)
            throw new UserException("sparse tensor: has no values; the file is damaged");
        var subject = $"sparse {TensorValues.Subject(sparse.Values)}";
        var type = sparse.Values.DataType;
        var stored = TensorValues.ToRaw(sparse.Values, directory);
        var nonzeros = TensorValues.Count(sparse.Values);
        var positions = Positions(sparse, nonzeros, directory, subject);
        var width = ElementTypes.Bits(type) / 8;
        if (width == 0)
            throw new UserException($"{subject}: element type {ElementTypes.NameOf(type)} is not supported; store it dense");

        var count = TensorValues.Count(sparse.Dims, subject);
        // Some hundred bytes may describe gigabytes of zeros.
        if (count > Math.Min(Array.MaxLength, Math.Max(MostDescribed, (long)stored.Length * MostSpread)) / width)
            throw new UserException(
                $"{subject}: {count} elements are too many to make of {nonzeros} stored ones; store it dense");
        var dense = new byte[count * width];
        for (var i = 0; i < positions.Length; i++)
        {
            if (positions[i] < 0 || positions[i] >= count)
                throw new UserException(
                    $"{subject}: index {positions[i]} lies outside its {count} elements; the file is damaged");
            stored.AsSpan(i * width, width).CopyTo(dense.AsSpan((int)positions[i] * width));
        }
        return TensorValues.FromRaw(sparse.Values.Name, (DataType)type, [.. sparse.Dims], dense);
    }

    /// <summary>The position of each value in the flattened tensor.</summary>
    private static long[] Positions(SparseTensorProto sparse, long nonzeros, string? directory, string subject)
    {
        var indices = sparse.Indices is null ? [] : TensorValues.ToLongs(sparse.Indices, directory);
        if (indices.Length == nonzeros && sparse.Indices is null or { Dims.Count: 1 })
            return indices;
        var rank = sparse.Dims.Count;
        if (sparse.Indices is not { Dims.Count: 2 } || sparse.Indices.Dims[1] != rank || indices.Length != nonzeros * rank)
            throw new UserException(
                $"{subject}: {nonzeros} values have {indices.Length} indices of a shape that does not fit; the file is damaged");
        var positions = new long[nonzeros];
        for (var i = 0; i < positions.Length; i++)
        {
            for (var axis = 0; axis < rank; axis++)
            {
                var index = indices[i * rank + axis];
                if (index < 0 || index >= sparse.Dims[axis])
                    throw new UserException($"{subject}: index {index} lies outside axis {axis}; the file is damaged");
                positions[i] = positions[i] * sparse.Dims[axis] + index;
            }
        }
        return positions;
    }
}

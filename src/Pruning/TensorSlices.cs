using Emergence.Checkpoints;
using Google.Protobuf;
using Onnx;

namespace Emergence.Pruning;

/// <summary>Makes tensors of some of the elements of others.</summary>
internal static class TensorSlices
{
    /// <summary>The elements of a tensor at <paramref name="from"/>, in that order, bit for bit, as <c>raw_data</c>.</summary>
    /// <param name="tensor">A tensor whose elements are whole bytes.</param>
    /// <param name="directory">The model's folder.</param>
    /// <param name="from">Flat indices.</param>
    /// <param name="dims">Dimensions of the result.</param>
    public static TensorProto Gather(TensorProto tensor, string directory, IReadOnlyList<int> from, IEnumerable<int> dims)
    {
        var width = ElementTypes.Bits(tensor.DataType) / 8;
        var source = TensorValues.ToRaw(tensor, directory);
        var bytes = new byte[from.Count * width];
        for (var i = 0; i < from.Count; i++)
            source.AsSpan(from[i] * width, width).CopyTo(bytes.AsSpan(i * width));
        var result = new TensorProto { Name = tensor.Name, DataType = tensor.DataType, DocString = tensor.DocString };
        result.Dims.AddRange(dims.Select(dim => (long)dim));
        result.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
        return result;
    }

    /// <summary>The flat indices that remain when slices are removed, in order.</summary>
    /// <param name="dims">Dimensions.</param>
    /// <param name="removed">By axis, which of its indices go.</param>
    public static (List<int> Elements, int[] Dims) Without(int[] dims, IReadOnlyDictionary<int, bool[]> removed)
    {
        var keep = dims.Select((size, axis) =>
            Enumerable.Range(0, size).Where(index => !(removed.TryGetValue(axis, out var gone) && gone[index])).ToArray())
                .ToArray();
        List<int> elements = [0];
        for (var axis = 0; axis < dims.Length; axis++)
            elements = [.. elements.SelectMany(_ => keep[axis], (element, index) => element * dims[axis] + index)];
        return (elements, [.. keep.Select(indices => indices.Length)]);
    }
}

using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Values;

/// <summary>Arithmetic on tensors that are known without running the model.</summary>
internal static class ConstantValues
{
    // What a file stores it pays for in bytes; what it only describes may be this large. Shapes have a few elements,
    // masks and position tables of the largest transformers some millions.
    private const int MostDescribed = 1 << 24;

    public static int ToInt(double value) => (int)Math.Clamp(value, int.MinValue, int.MaxValue);

    /// <summary>A size that is allowed: a small file may describe a constant that fills the memory.</summary>
    /// <exception cref="TraceException">It is larger than <paramref name="read"/>, what it is made of, and
    /// than what may be described.</exception>
    public static int Bounded(long count, long read = 0) => count >= 0 && (count <= MostDescribed || count <= read)
        ? (int)count
        : throw new TraceException(
            $"a constant of {count} elements is not stored but computed; store it, or leave it to be computed from the input");

    /// <summary>The number of elements of a shape that is allowed.</summary>
    public static int Bounded(ReadOnlySpan<int> dims, long read = 0) => Bounded(Shapes.Count(dims), read);

    /// <summary>A function of each element.</summary>
    public static ConstantTensor Map(this ConstantTensor tensor, Func<double, double> function) =>
        tensor with { Values = [.. tensor.Values.Select(function)] };

    /// <summary>A function of the elements of two tensors, broadcast.</summary>
    public static ConstantTensor With(this ConstantTensor a, ConstantTensor b, Func<double, double, double> function)
    {
        var shape = Shapes.Broadcast(a.Dims, b.Dims);
        var (x, y) = (a.BroadcastTo(shape, b.Values.Length), b.BroadcastTo(shape, a.Values.Length));
        return x with { Values = [.. x.Values.Zip(y.Values, function)] };
    }

    /// <summary>The tensor repeated to a shape; <paramref name="read"/> elements are stored besides.</summary>
    public static ConstantTensor BroadcastTo(this ConstantTensor tensor, int[] shape, long read = 0)
    {
        if (tensor.Dims.AsSpan().SequenceEqual(shape))
            return tensor;
        var values = new double[Bounded(shape, Math.Max(read, tensor.Values.Length))];
        var map = ElementMaps.Broadcast(tensor.Dims, shape);
        for (var i = 0; i < values.Length; i++)
            values[i] = tensor.Values[map[i][0]];
        return tensor with { Dims = shape, Values = values };
    }

    /// <summary>The tensor converted to another type.</summary>
    public static ConstantTensor As(this ConstantTensor tensor, DataType type) => tensor with
    {
        ElementType = (int)type,
        Values = type switch
        {
            DataType.Bool => [.. tensor.Values.Select(x => x != 0 ? 1.0 : 0)],
            DataType.Float => [.. tensor.Values.Select(x => (double)(float)x)],
            DataType.Float16 => [.. tensor.Values.Select(x => (double)(Half)x)],
            DataType.Double or DataType.Bfloat16 => tensor.Values,
            _ => [.. tensor.Values.Select(Math.Truncate)],
        },
    };
}

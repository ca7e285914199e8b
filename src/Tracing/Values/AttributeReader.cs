using Onnx;

namespace Emergence.Tracing.Values;

/// <summary>The attributes of a node by name, with defaults.</summary>
internal readonly struct AttributeReader(NodeProto node)
{
    public bool Has(string name) => Find(name) is not null;

    /// <summary>A whole number: a flag, an axis, a count.</summary>
    /// <exception cref="TraceException">It is beyond 32 bits, which no axis and no count of elements is.</exception>
    public int Int(string name, int otherwise) => Find(name) is not { } attribute ? otherwise
        : attribute.I is >= int.MinValue and <= int.MaxValue ? (int)attribute.I
        : throw new TraceException($"{name} {attribute.I} is beyond 32 bits");

    /// <summary>A whole number from 1 on.</summary>
    /// <exception cref="TraceException">It is less than 1, or beyond 32 bits.</exception>
    public int Positive(string name, int otherwise)
    {
        var number = Int(name, otherwise);
        return number >= 1 ? number : throw new TraceException($"{name} is {number}, where at least 1 is needed");
    }

    /// <summary>An axis of a tensor, counted from the front.</summary>
    /// <exception cref="TraceException">The tensor has no such axis.</exception>
    public int Axis(string name, int otherwise, int rank) => Shapes.Axis(Int(name, otherwise), rank);

    /// <summary>A bound that is cut off at what there is, as exporters write 2⁶³ − 1 for the end.</summary>
    public int Bound(string name, int otherwise, int rank)
    {
        var value = Find(name)?.I ?? otherwise;
        return (int)Math.Clamp(value < 0 ? value + rank : value, 0, rank);
    }

    public float Float(string name, float otherwise) => Find(name)?.F ?? otherwise;

    public string Text(string name, string otherwise) => Find(name)?.S.ToStringUtf8() ?? otherwise;

    public long[]? Ints(string name) => Find(name) is { } attribute ? [.. attribute.Ints] : null;

    public float[]? Floats(string name) => Find(name) is { } attribute ? [.. attribute.Floats] : null;

    public string[]? Strings(string name) =>
        Find(name) is { } attribute ? [.. attribute.Strings.Select(text => text.ToStringUtf8())] : null;

    public TensorProto? Tensor(string name) => Find(name)?.T;

    private AttributeProto? Find(string name)
    {
        foreach (var attribute in node.Attribute)
        {
            if (attribute.Name == name)
                return attribute;
        }
        return null;
    }
}

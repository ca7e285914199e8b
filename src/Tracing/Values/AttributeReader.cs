using Onnx;

namespace Emergence.Tracing.Values;

/// <summary>The attributes of a node by name, with defaults.</summary>
internal readonly struct AttributeReader(NodeProto node)
{
    public bool Has(string name) => Find(name) is not null;

    public long Int(string name, long otherwise) => Find(name)?.I ?? otherwise;

    public float Float(string name, float otherwise) => Find(name)?.F ?? otherwise;

    public string Text(string name, string otherwise) => Find(name)?.S.ToStringUtf8() ?? otherwise;

    public long[]? Ints(string name) => Find(name) is { } attribute ? [.. attribute.Ints] : null;

    public float[]? Floats(string name) => Find(name) is { } attribute ? [.. attribute.Floats] : null;

    public string[]? Strings(string name) => Find(name) is { } attribute ? [.. attribute.Strings.Select(text => text.ToStringUtf8())] : null;

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

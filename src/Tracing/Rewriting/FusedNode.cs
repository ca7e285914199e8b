using Emergence.Checkpoints;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Rewriting;

/// <summary>A fused node that is being taken apart: what it reads and writes, and the nodes that take its place.</summary>
internal sealed class FusedNode(
    ModelProto model, GraphProto graph, NodeProto fused, FreshNames names, IReadOnlyList<NodeProto> all)
{
    public NodeProto Fused => fused;

    public AttributeReader Attributes { get; } = new(fused);

    /// <summary>Version of the standard operator set.</summary>
    public int Opset { get; } = (int)(model.OpsetImport.LastOrDefault(import => import.Domain is "" or "ai.onnx")?.Version ?? 1);

    /// <summary>Name of the i-th input; empty where it is left out.</summary>
    public string Input(int i) => i < fused.Input.Count ? fused.Input[i] : "";

    /// <summary>Name of the i-th output; empty where it is left out.</summary>
    public string Output(int i) => i < fused.Output.Count ? fused.Output[i] : "";

    /// <summary>Adds a node with a result of a new name. A part that may be a layer is named after the fused node.</summary>
    /// <returns>The name of the result.</returns>
    public string Add(
        string op, string[] inputs, string domain = "", string part = "", params ReadOnlySpan<AttributeProto> attributes)
    {
        var output = names.Next($"{Stem}_{(part.Length > 0 ? part : op)}");
        var name = part.Length > 0 && fused.Name.Length > 0 ? names.Next($"{fused.Name}/{part}") : "";
        Add(op, domain, inputs, output, name, attributes);
        return output;
    }

    /// <summary>Adds the node that writes an output of the fused one.</summary>
    /// <returns>The name of that output.</returns>
    public string End(string op, string[] inputs, int output = 0, params ReadOnlySpan<AttributeProto> attributes)
    {
        Add(op, "", inputs, Output(output), "", attributes);
        return Output(output);
    }

    /// <summary>Gives a result of a node that was added the name of an output of the fused one, if that is used.</summary>
    /// <returns>The name it has now.</returns>
    public string Rename(string result, int output)
    {
        if (Output(output).Length == 0)
            return result;
        graph.Node.Last(node => node.Output[0] == result).Output[0] = Output(output);
        return Output(output);
    }

    /// <summary>Adds a changed copy of the fused node, with its outputs or (inner) with one of a new name.</summary>
    /// <returns>The name of its first output.</returns>
    public string Keep(NodeProto changed, bool isInner = false)
    {
        if (isInner)
            changed.Output[0] = names.Next($"{Stem}_{changed.OpType}");
        graph.Node.Add(changed);
        return changed.Output[0];
    }

    /// <summary>Stores an int64 tensor of rank 1.</summary>
    public string Longs(params ReadOnlySpan<long> values)
    {
        var tensor = new TensorProto
        {
            Name = names.Next($"{Stem}_shape"),
            DataType = (int)TensorProto.Types.DataType.Int64,
            Dims = { values.Length },
            Int64Data = { values.ToArray() },
        };
        model.Graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    /// <summary>Stores a float32 tensor of rank 1.</summary>
    public string Numbers(float[] values)
    {
        var tensor = TensorValues.FromFloats(names.Next($"{Stem}_number"), [values.Length], values);
        model.Graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    /// <summary>Stores one number, in the element type of a tensor.</summary>
    public string Number(float value, string like)
    {
        var tensor = TensorValues.FromFloats(names.Next($"{Stem}_number"), [], [value]);
        model.Graph.Initializer.Add(tensor);
        return Opset < 15 ? tensor.Name : Add("CastLike", [tensor.Name, like]);
    }

    /// <summary>The node that writes a tensor, as the file has it; null where none does.</summary>
    public NodeProto? ProducerOf(string tensor) => all.FirstOrDefault(node => node.Output.Contains(tensor));

    /// <summary>Number of axes of a stored or declared tensor; null where the file does not say.</summary>
    public int? RankOf(string tensor) =>
        model.Graph.Initializer.FirstOrDefault(stored => stored.Name == tensor)?.Dims.Count ?? Declared(tensor)?.Dim.Count;

    /// <summary>Whether the last axis of a stored or declared tensor is known to have one element.</summary>
    public bool EndsInOne(string tensor) =>
        model.Graph.Initializer.FirstOrDefault(stored => stored.Name == tensor)?.Dims is [.., 1]
        || Declared(tensor)?.Dim is [.., { DimValue: 1 }];

    private TensorShapeProto? Declared(string tensor) => model.Graph.Input.Concat(model.Graph.ValueInfo)
        .FirstOrDefault(value => value.Name == tensor)?.Type?.TensorType?.Shape;

    /// <summary>
    /// Length of the last axis of what a stored weight makes, or of what is computed of that element by element; null for
    /// anything else, such as a state that comes from outside.
    /// </summary>
    public long? WidthOf(string tensor)
    {
        if (all.FirstOrDefault(node => node.Output.FirstOrDefault() == tensor) is not { Input: [var first, ..] } node)
            return null;
        var attributes = new AttributeReader(node);
        long? Last(int input) => input < node.Input.Count && DimsOf(node.Input[input]) is [.., var last] ? last : null;
        return node.OpType switch
        {
            "MatMulNBits" or "MatMulBnb4" => attributes.Int("N", 0),
            "Gemm" or "FusedGemm" or "FusedMatMul" when attributes.Int("transB", 0) == 1 =>
                DimsOf(node.Input.ElementAtOrDefault(1) ?? "") is [.., var rows, _] ? rows : null,
            "QLinearMatMul" or "QGemm" => Last(3),
            "MatMul" or "Gemm" or "FusedGemm" or "FusedMatMul" or "DynamicQuantizeMatMul" or "MatMulIntegerToFloat" => Last(1),
            "Add" or "Mul" when node.Input.Count > 1 => WidthOf(first) ?? WidthOf(node.Input[1]),
            "Cast" or "DequantizeLinear" or "LayerNormalization" or "SimplifiedLayerNormalization" => WidthOf(first),
            _ => null,
        };
    }

    /// <summary>Dimensions of a stored tensor; null for any other.</summary>
    public Google.Protobuf.Collections.RepeatedField<long>? DimsOf(string tensor) =>
        model.Graph.Initializer.FirstOrDefault(stored => stored.Name == tensor)?.Dims
        ?? all.FirstOrDefault(node => node.OpType == "Constant" && node.Output.Contains(tensor))
            ?.Attribute.FirstOrDefault(attribute => attribute.T is not null)?.T.Dims;

    private string Stem => fused.Name.Length > 0 ? fused.Name : fused.Output[0];

    private void Add(string op, string domain, string[] inputs, string output, string name,
        ReadOnlySpan<AttributeProto> attributes)
    {
        // A trailing input that is left out is not written.
        var count = inputs.Length;
        while (count > 0 && inputs[count - 1].Length == 0)
            count--;
        var node = new NodeProto { OpType = op, Domain = domain, Name = name, Input = { inputs[..count] }, Output = { output } };
        node.Attribute.AddRange(attributes.ToArray());
        graph.Node.Add(node);
    }
}

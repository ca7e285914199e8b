using System.Collections.Frozen;
using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Nulls;
using Emergence.Measuring.Probes;
using Emergence.Tracing.Model;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Rivals;

/// <summary>
/// A network whose weights are squared and whose inputs are 1, as far as every operator in it is linear, a ReLU or a maximum, or
/// only moves values: what it gives is a sum over paths. A bias counts as the weight of a unit that is always 1.
/// </summary>
internal sealed class SquaredNetwork
{
    // What moves what it reads first.
    private static readonly FrozenSet<string> Moves = FrozenSet.ToFrozenSet(
    [
        "Identity", "Dropout", "Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split", "DepthToSpace",
        "SpaceToDepth",
    ], StringComparer.Ordinal);

    private readonly StoredTensors stored;
    private readonly Dictionary<string, NodeProto> producers = new(StringComparer.Ordinal);
    private readonly HashSet<NodeProto> done = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private readonly Stack<string> open = new();
    private readonly LayerGraph layers;
    private readonly Probe probe;
    private readonly FreshNames names;
    private readonly int opset;

    private SquaredNetwork(Checkpoint checkpoint, LayerGraph layers, Probe probe)
    {
        stored = new StoredTensors(checkpoint.Model, checkpoint.Directory);
        (this.layers, this.probe, Model) = (layers, probe, checkpoint.Model.Clone());
        names = new FreshNames(Model.Graph);
        opset = Instrumenter.Opset(Model);
        foreach (var node in Model.Graph.Node)
        {
            foreach (var output in node.Output.Where(output => output.Length > 0))
                producers.TryAdd(output, node);
        }
    }

    /// <summary>The network; it has no inputs.</summary>
    public ModelProto Model { get; }

    /// <summary>Its outputs, whose sum is that over all paths.</summary>
    public ImmutableArray<string> Outputs { get; private set; } = [];

    /// <summary>How often the sum is counted: the batch that is built into the model.</summary>
    public long Batch { get; private set; } = 1;

    /// <summary>What is in the way; null where nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>Squares the weights on the way from the inputs to what the last layers give.</summary>
    public static SquaredNetwork Of(Checkpoint checkpoint, LayerGraph layers, Probe probe)
    {
        var network = new SquaredNetwork(checkpoint, layers, probe);
        network.Square();
        return network;
    }

    private void Square()
    {
        var last = layers.Layers.Where(layer => layers.Edges.All(edge => edge.From != layer.Index)).ToArray();
        if (Array.Find(last, layer => layer.Reading is not { Quantization: null, Slice: null, Applied.IsEmpty: true }) is { } odd)
        {
            Problem = $"the output of layer '{odd.Name}' ({odd.Op}) is quantized, or read in part";
            return;
        }
        Outputs = [.. last.Select(layer => layer.Reading.Tensor).Distinct(StringComparer.Ordinal)];
        foreach (var output in Outputs)
            open.Push(output);
        while (Problem is null && open.TryPop(out var tensor))
        {
            if (seen.Add(tensor))
                Visit(tensor);
        }
        Model.Graph.Output.Clear();
        foreach (var output in Outputs)
        {
            Model.Graph.Output.Add(new ValueInfoProto
            {
                Name = output,
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float } },
            });
        }
        UnusedNodes.Remove(Model.Graph);
    }

    private void Visit(string tensor)
    {
        if (stored.Contains(tensor))
            SquareStored(tensor);
        else if (layers.Inputs.FirstOrDefault(input => input.Name == tensor) is { } input)
            SetToOnes(input);
        else if (!producers.TryGetValue(tensor, out var node))
            Problem = $"tensor '{tensor}' is neither stored nor computed";
        else if (done.Add(node))
            Problem = Square(node);
    }

    /// <summary>Changes a node where its form must change, and goes on to what it reads.</summary>
    /// <returns>What is in the way; null where nothing is.</returns>
    private string? Square(NodeProto node)
    {
        var inputs = node.Input;
        if (node.Domain is not ("" or "ai.onnx"))
            return Unknown(node, NotLinear);
        switch (node.OpType)
        {
            case "Gemm" or "MatMul" when IsStored(inputs[0]) != IsStored(inputs[1]):
                foreach (var factor in node.Attribute.Where(attribute => attribute.Name is "alpha" or "beta"))
                    factor.F *= factor.F;
                break;
            case "Conv" or "ConvTranspose" when IsStored(inputs[1]):
            case "Add" or "Sum" or "Concat":
            case "Mul" when IsStored(inputs[0]) || IsStored(inputs[1]):
            case "Div" when IsStored(inputs[1]):
                break;
            case "Sub":
                // The weight −1, squared.
                node.OpType = "Add";
                break;
            case "BatchNormalization" when inputs.Skip(1).All(stored.Contains) && node.Output.Count == 1:
                SquareNormalization(node);
                break;
            case "Max" or "MaxPool" or "GlobalMaxPool":
                if (SquaredWindows.OfMaximum(node, opset) is { } refusal)
                    return Unknown(node, refusal);
                break;
            case "AveragePool" or "GlobalAveragePool" or "ReduceMean":
                open.Push(inputs[0]);
                return SquaredWindows.OfMean(Model.Graph, node, opset, names) is { } odd ? Unknown(node, odd) : null;
            // Values are not negative here, and a ReLU leaves them as they are.
            case "Relu" or "LeakyRelu":
            case "Pad" when PadsZeros(node):
            case var op when Moves.Contains(op):
                open.Push(inputs[0]);
                return null;
            default:
                return Unknown(node, NotLinear);
        }
        foreach (var input in inputs.Where(input => input.Length > 0))
            open.Push(input);
        return null;
    }

    private const string NotLinear = "it is neither linear with stored weights nor a ReLU or a maximum";

    private static string Unknown(NodeProto node, string reason) =>
        $"paths through node '{node.Name}' ({node.OpType}) are not known: {reason}";

    private static bool PadsZeros(NodeProto node) =>
        (node.Input.Count < 3 || node.Input[2].Length == 0) && node.Attribute.All(attribute =>
            attribute.Name != "value" || attribute.F == 0);

    /// <summary>Whether a tensor is stored, or moved from a stored one.</summary>
    private bool IsStored(string tensor)
    {
        while (!stored.Contains(tensor))
        {
            if (!producers.TryGetValue(tensor, out var node) || !Moves.Contains(node.OpType))
                return false;
            tensor = node.Input[0];
        }
        return true;
    }

    private void SquareStored(string tensor)
    {
        if (stored.ElementType(tensor) != (int)DataType.Float)
        {
            Problem = $"'{tensor}' is not stored as float32";
            return;
        }
        StoredValues.Replace(Model, TensorValues.FromFloats(tensor, stored.Dims(tensor).AsSpan(),
            [.. stored.Floats(tensor).Select(value => value * value)]));
    }

    /// <summary>y = s x + t, with stored s and t.</summary>
    private void SquareNormalization(NodeProto node)
    {
        double[][] parts = [.. node.Input.Skip(1).Select(stored.Doubles)];
        var epsilon = node.Attribute.FirstOrDefault(attribute => attribute.Name == "epsilon");
        var least = epsilon?.F ?? 1e-5f;
        double[] scales = [.. parts[0].Zip(parts[3], (scale, variance) => scale / Math.Sqrt(variance + least))];
        double[] shifts = [.. scales.Select((scale, i) => parts[1][i] - parts[2][i] * scale)];
        if (epsilon is null)
            node.Attribute.Add(epsilon = AttributeProto.Of("epsilon", 0f));
        epsilon.F = 0;
        node.Input[1] = Store(scales.Select(scale => scale * scale));
        node.Input[2] = Store(shifts.Select(shift => shift * shift));
        node.Input[3] = Store(scales.Select(_ => 0.0));
        node.Input[4] = Store(scales.Select(_ => 1.0));
        foreach (var input in node.Input.Skip(1))
            seen.Add(input);
    }

    private string Store(IEnumerable<double> values)
    {
        float[] floats = [.. values.Select(value => (float)value)];
        var name = names.Next("emergence/squared");
        StoredValues.Add(Model, TensorValues.FromFloats(name, [floats.Length], floats));
        return name;
    }

    private void SetToOnes(ModelInput input)
    {
        var given = probe.Inputs.Single(entry => entry.Name == input.Name);
        if (given.ElementType != (int)DataType.Float)
        {
            Problem = $"input '{input.Name}' is not float32";
            return;
        }
        List<long> dims = [.. given.SampleShape.Select(size => (long)size)];
        if (input.BatchAxis >= 0)
        {
            Batch = input.Shape[input.BatchAxis] ?? 1;
            dims.Insert(input.BatchAxis, Batch);
        }
        var ones = new float[dims.Aggregate(1L, (product, size) => product * size)];
        Array.Fill(ones, 1);
        if (Model.IrVersion >= 4)
            Model.Graph.Input.Remove(Model.Graph.Input.Single(entry => entry.Name == input.Name));
        StoredValues.Add(Model, TensorValues.FromFloats(input.Name, [.. dims], ones));
    }
}

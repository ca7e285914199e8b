using System.Collections.Immutable;
using Emergence.Checkpoints;
using Google.Protobuf.Collections;
using Onnx;
using static Onnx.TensorProto.Types;
using static TorchSharp.torch;

namespace Emergence.TorchExport;

/// <summary>
/// A graph that is written layer by layer. Nodes bear the layers' names, weights and biases those names with <c>.weight</c> and
/// <c>.bias</c> behind, what a node gives the name with <c>.out</c> behind.
/// </summary>
public sealed partial class OnnxWriter
{
    private const int Opset = 17;
    private const int IrVersion = 8;

    private readonly Dictionary<nn.Module, string> names = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, string> stored = new(StringComparer.Ordinal);
    // How many axes a tensor has, where that is known.
    private readonly Dictionary<string, int> ranks = new(StringComparer.Ordinal);

    /// <summary>An empty graph for layers that are named as they are written.</summary>
    public OnnxWriter() => Graph = new GraphBuilder("network");

    /// <summary>An empty graph for a module; those inside it are called as it calls them.</summary>
    public OnnxWriter(nn.Module root) : this()
    {
        ArgumentNullException.ThrowIfNull(root);
        foreach (var (name, module) in root.named_modules())
            names.TryAdd(module, name);
    }

    /// <summary>The graph, for operators that are not offered here.</summary>
    public GraphBuilder Graph { get; }

    /// <summary>Declares an input of shape (N, <paramref name="sampleShape"/>…).</summary>
    /// <returns>Its name.</returns>
    public string Input(string name, DataType type, ReadOnlySpan<long> sampleShape)
    {
        Graph.Input(name, type, [TorchOnnx.Samples, .. sampleShape.ToArray().Select(size => (Dimension)size)]);
        return Ranked(name, sampleShape.Length + 1);
    }

    /// <summary>Ends the graph.</summary>
    /// <param name="tensor">The tensor that the model gives.</param>
    /// <param name="output">What it is called from now on.</param>
    /// <param name="producer">Name of the program that makes the model.</param>
    /// <param name="outputShape">Its shape behind the batch; null where it is left to the reader to infer.</param>
    public ModelProto Finish(string tensor, string output, string producer, ReadOnlySpan<long> outputShape = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (Graph.Graph.Input.Any(input => input.Name == tensor))
            tensor = Node("identity", "Identity", [tensor]);
        foreach (var node in Graph.Graph.Node)
        {
            Rename(node.Input, tensor, output);
            Rename(node.Output, tensor, output);
        }
        if (outputShape.IsEmpty)
            Graph.Graph.Output.Add(new ValueInfoProto
            {
                Name = output,
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float } },
            });
        else
            Graph.Output(output, DataType.Float, [TorchOnnx.Samples, .. outputShape.ToArray().Select(size => (Dimension)size)]);
        return Graph.Build(Opset, IrVersion, producer, typeof(OnnxWriter).Assembly.GetName().Version!.ToString(3));
    }

    /// <summary>Adds a node with one output.</summary>
    /// <param name="name">What the node is called; a number is added where the name is taken.</param>
    /// <param name="op">The operator of the ONNX standard.</param>
    /// <param name="inputs">Names of the tensors it reads.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <returns>Name of the tensor it gives.</returns>
    public string Node(string name, string op, ReadOnlySpan<string> inputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        name = Graph.FreshName(name);
        var output = Graph.FreshName(name + ".out");
        var node = new NodeProto { Name = name, OpType = op };
        node.Input.AddRange([.. inputs]);
        node.Output.Add(output);
        node.Attribute.AddRange([.. attributes]);
        Graph.Graph.Node.Add(node);
        return output;
    }

    /// <summary>The sum of two tensors, as behind a residual connection.</summary>
    public string Add(string a, string b) => Add("add", a, b);

    /// <inheritdoc cref="Add(string, string)"/>
    public string Add(string name, string a, string b) =>
        Ranked(Node(name, "Add", [a, b]), Math.Max(RankOf(a), RankOf(b)));

    /// <summary>Tensors joined along an axis.</summary>
    public string Concat(long axis, params ReadOnlySpan<string> tensors) =>
        Ranked(Node("concat", "Concat", tensors, AttributeProto.Of("axis", axis)), RankOf(tensors[0]));

    /// <summary>Stores values under a name, once; a module that is used twice has one weight.</summary>
    /// <returns>The name.</returns>
    /// <exception cref="NotSupportedException">They are not float32.</exception>
    public string Store(string name, Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.dtype != ScalarType.Float32)
            throw new NotSupportedException(
                $"{name}: has type {values.dtype}, expected Float32; convert the module with .to(float32)");
        if (!stored.TryGetValue(name, out var known))
        {
            using var here = values.detach().cpu().contiguous();
            stored[name] = known = Graph.Initializer(name, here.shape, here.data<float>().ToArray());
        }
        return known;
    }

    private string Constant(string name, params ReadOnlySpan<float> values)
    {
        if (!stored.TryGetValue(name, out var known))
            stored[name] = known = Graph.Initializer(name, values.Length == 1 ? [] : [values.Length], values);
        return known;
    }

    private string Constant(string name, params ReadOnlySpan<long> values)
    {
        if (!stored.TryGetValue(name, out var known))
            stored[name] = known = Graph.Initializer(name, [values.Length], values);
        return known;
    }

    private string NameOf(nn.Module module) => names.GetValueOrDefault(module) is { Length: > 0 } name
        ? name
        : module.GetType().Name.ToLowerInvariant();

    private int RankOf(string tensor) => ranks.GetValueOrDefault(tensor);

    private string Ranked(string tensor, int rank)
    {
        if (rank > 0)
            ranks[tensor] = rank;
        return tensor;
    }

    private static void Rename(RepeatedField<string> tensors, string from, string to)
    {
        for (var i = 0; i < tensors.Count; i++)
        {
            if (tensors[i] == from)
                tensors[i] = to;
        }
    }

    private static ImmutableArray<AttributeProto> Given(params ReadOnlySpan<AttributeProto?> attributes)
    {
        var given = ImmutableArray.CreateBuilder<AttributeProto>();
        foreach (var attribute in attributes)
        {
            if (attribute is not null)
                given.Add(attribute);
        }
        return given.ToImmutable();
    }
}

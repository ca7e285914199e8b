using System.Globalization;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Checkpoints;

/// <summary>A dimension of a declared shape: a length, or the name of a free dimension. Both convert implicitly.</summary>
/// <param name="Size">The length; of no meaning where <paramref name="Symbol"/> is given.</param>
/// <param name="Symbol">The name of a free dimension, or null.</param>
public readonly record struct Dimension(long Size, string? Symbol = null)
{
    /// <summary>A fixed length.</summary>
    public static implicit operator Dimension(long size) => new(size);

    /// <summary>A free dimension.</summary>
    public static implicit operator Dimension(string symbol) => new(0, symbol);

    /// <inheritdoc/>
    public override string ToString() => Symbol ?? Size.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// Builds a graph from its inputs on. Names come out in order of the calls, so that equal calls give equal bytes.
/// </summary>
public sealed class GraphBuilder
{
    private readonly FreshNames names;

    /// <summary>Starts an empty graph.</summary>
    public GraphBuilder(string name) : this(new GraphProto { Name = name })
    {
    }

    /// <summary>Goes on with <paramref name="graph"/>, which it edits; new names avoid those in it.</summary>
    public GraphBuilder(GraphProto graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Graph = graph;
        names = new FreshNames(graph);
    }

    /// <summary>The graph as built so far.</summary>
    public GraphProto Graph { get; }

    /// <summary>A name that nothing in the graph bears.</summary>
    public string FreshName(string stem) => names.Next(stem);

    /// <summary>Declares an input and returns its name.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public string Input(string name, DataType type, params ReadOnlySpan<Dimension> shape)
    {
        Claim(name);
        Graph.Input.Add(Value(name, type, shape));
        return name;
    }

    /// <summary>Declares that the graph returns tensor <paramref name="name"/>.</summary>
    public void Output(string name, DataType type, params ReadOnlySpan<Dimension> shape) =>
        Graph.Output.Add(Value(name, type, shape));

    /// <summary>Stores a tensor under its own name, and returns that name.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public string Initializer(TensorProto tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Claim(tensor.Name);
        Graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    /// <summary>Stores float32 values under <paramref name="name"/>, and returns that name.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the dimensions do not give the number of values.</exception>
    public string Initializer(string name, ReadOnlySpan<long> dims, ReadOnlySpan<float> values) =>
        Initializer(TensorValues.FromFloats(name, dims, values));

    /// <summary>Stores int64 values under <paramref name="name"/>, and returns that name.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the dimensions do not give the number of values.</exception>
    public string Initializer(string name, ReadOnlySpan<long> dims, ReadOnlySpan<long> values) =>
        Initializer(TensorValues.FromLongs(name, dims, values));

    /// <summary>Adds a node of the ONNX standard with one output; node and output get fresh names made from
    /// the operator's.</summary>
    /// <returns>The name of the output.</returns>
    public string Node(string op, ReadOnlySpan<string> inputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        var name = names.Next(op);
        var output = names.Next(name + "_out");
        Add(name, op, inputs, [output], "", attributes);
        return output;
    }

    /// <summary>Adds a node with given names; an empty input or output is one that is left out.</summary>
    /// <param name="name">The node's name.</param>
    /// <param name="op">The operator.</param>
    /// <param name="inputs">Names of the tensors it reads.</param>
    /// <param name="outputs">Names of the tensors it writes.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <param name="domain">The operator's domain; empty for the ONNX standard.</param>
    /// <exception cref="ArgumentException">The node's name or that of an output is taken.</exception>
    public NodeProto AddNode(
        string name, string op, ReadOnlySpan<string> inputs, ReadOnlySpan<string> outputs,
        ReadOnlySpan<AttributeProto> attributes = default, string domain = "")
    {
        Claim(name);
        foreach (var output in outputs)
        {
            if (output.Length > 0)
                Claim(output);
        }
        return Add(name, op, inputs, outputs, domain, attributes);
    }

    /// <summary>The model around the graph; the graph is shared, not copied.</summary>
    /// <param name="opset">Version of the ONNX standard's operators.</param>
    /// <param name="ir">Version of the file format.</param>
    /// <param name="producer">Name of the program that makes the model.</param>
    /// <param name="producerVersion">Its version.</param>
    public ModelProto Build(int opset, int ir, string producer, string producerVersion = "")
    {
        var model = new ModelProto { IrVersion = ir, ProducerName = producer, Graph = Graph };
        if (producerVersion.Length > 0)
            model.ProducerVersion = producerVersion;
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = opset });
        return model;
    }

    private NodeProto Add(
        string name, string op, ReadOnlySpan<string> inputs, ReadOnlySpan<string> outputs, string domain,
        ReadOnlySpan<AttributeProto> attributes)
    {
        var node = new NodeProto { Name = name, OpType = op };
        if (domain.Length > 0)
            node.Domain = domain;
        node.Input.AddRange([.. inputs]);
        node.Output.AddRange([.. outputs]);
        node.Attribute.AddRange([.. attributes]);
        Graph.Node.Add(node);
        return node;
    }

    private void Claim(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!names.Reserve(name))
            throw new ArgumentException($"'{name}' is taken in graph '{Graph.Name}'", nameof(name));
    }

    private static ValueInfoProto Value(string name, DataType type, ReadOnlySpan<Dimension> dimensions)
    {
        var shape = new TensorShapeProto();
        foreach (var dimension in dimensions)
        {
            shape.Dim.Add(dimension.Symbol is { } symbol
                ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
                : new TensorShapeProto.Types.Dimension { DimValue = dimension.Size });
        }
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } },
        };
    }
}

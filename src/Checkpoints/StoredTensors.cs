using System.Collections.Immutable;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Checkpoints;

/// <summary>
/// The tensors a graph stores, by name: initializers (those that are also inputs included, as files before IR version 4
/// have them), sparse initializers, and the outputs of Constant nodes. Names of sub-graphs are not among them.
/// </summary>
public sealed class StoredTensors
{
    private readonly string? directory;
    private readonly Dictionary<string, TensorProto> dense = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SparseTensorProto> sparse = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> users = new(StringComparer.Ordinal);

    /// <summary>Indexes the main graph of <paramref name="model"/>.</summary>
    /// <param name="model">The model; later changes to it are not seen.</param>
    /// <param name="directory">Its folder, for external data; null if there is none.</param>
    public StoredTensors(ModelProto model, string? directory)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.directory = directory;
        var graph = model.Graph;
        foreach (var tensor in graph.Initializer)
            dense[tensor.Name] = tensor;
        foreach (var tensor in graph.SparseInitializer)
            sparse[tensor.Values?.Name ?? ""] = tensor;
        foreach (var node in graph.Node.Where(node => node is { OpType: "Constant", Domain: "" or "ai.onnx", Output.Count: 1 }))
            Add(node);
        CountUsers(graph, []);
    }

    /// <summary>The names, in ordinal order.</summary>
    public ImmutableArray<string> Names => [.. dense.Keys.Union(sparse.Keys).Order(StringComparer.Ordinal)];

    /// <summary>True where the graph stores a tensor of that name.</summary>
    public bool Contains(string name) => dense.ContainsKey(name) || sparse.ContainsKey(name);

    /// <summary>The tensor, dense; the graph's own object where it is stored so: clone it before editing.</summary>
    /// <exception cref="KeyNotFoundException">No such tensor is stored.</exception>
    /// <exception cref="UserException">A sparse tensor is damaged or too large.</exception>
    public TensorProto Get(string name)
    {
        if (!dense.TryGetValue(name, out var tensor))
            dense[name] = tensor = SparseTensors.ToDense(sparse[name], directory);
        return tensor;
    }

    /// <summary>The dimensions; empty for a scalar.</summary>
    /// <exception cref="KeyNotFoundException">No such tensor is stored.</exception>
    public ImmutableArray<long> Dims(string name) =>
        [.. dense.TryGetValue(name, out var tensor) ? tensor.Dims : sparse[name].Dims];

    /// <summary>The <c>TensorProto.DataType</c>.</summary>
    /// <exception cref="KeyNotFoundException">No such tensor is stored.</exception>
    public int ElementType(string name) =>
        dense.TryGetValue(name, out var tensor) ? tensor.DataType : sparse[name].Values?.DataType ?? 0;

    /// <summary>The values as float32, row-major.</summary>
    /// <exception cref="KeyNotFoundException">No such tensor is stored.</exception>
    /// <exception cref="UserException">The values cannot be read.</exception>
    public float[] Floats(string name) => TensorValues.ToFloats(Get(name), directory);

    /// <summary>The values as double, row-major.</summary>
    /// <inheritdoc cref="Floats" path="/exception"/>
    public double[] Doubles(string name) => TensorValues.ToDoubles(Get(name), directory);

    /// <summary>Hands over the values as float32, row-major, piece by piece, so that they are never held whole.</summary>
    /// <inheritdoc cref="Floats" path="/exception"/>
    public void VisitFloats(string name, Action<ReadOnlySpan<float>> visit) =>
        TensorValues.Visit(Get(name), directory, visit);

    /// <summary>Hands over the values as double, row-major, piece by piece, so that they are never held whole.</summary>
    /// <inheritdoc cref="Floats" path="/exception"/>
    public void VisitDoubles(string name, Action<ReadOnlySpan<double>> visit) =>
        TensorValues.Visit(Get(name), directory, visit);

    /// <summary>The values of an integer tensor, row-major.</summary>
    /// <inheritdoc cref="Floats" path="/exception"/>
    public long[] Longs(string name) => TensorValues.ToLongs(Get(name), directory);

    /// <summary>How many node inputs read the tensor, those of sub-graphs included; 0 for a name that nothing reads.</summary>
    public int Users(string name) => users.GetValueOrDefault(name);

    private void Add(NodeProto constant)
    {
        var name = constant.Output[0];
        foreach (var attribute in constant.Attribute)
        {
            switch (attribute.Name)
            {
                case "value" when attribute.T is not null:
                    dense[name] = attribute.T;
                    break;
                case "sparse_value" when attribute.SparseTensor is not null:
                    sparse[name] = attribute.SparseTensor;
                    break;
                case "value_float":
                    dense[name] = TensorValues.FromFloats(name, [], [attribute.F]);
                    break;
                case "value_floats":
                    dense[name] = TensorValues.FromFloats(name, [attribute.Floats.Count], [.. attribute.Floats]);
                    break;
                case "value_int":
                    dense[name] = TensorValues.FromLongs(name, [], [attribute.I]);
                    break;
                case "value_ints":
                    dense[name] = TensorValues.FromLongs(name, [attribute.Ints.Count], [.. attribute.Ints]);
                    break;
                case "value_string":
                    dense[name] = new TensorProto { Name = name, DataType = (int)DataType.String, StringData = { attribute.S } };
                    break;
                case "value_strings":
                    dense[name] = new TensorProto
                    {
                        Name = name,
                        DataType = (int)DataType.String,
                        Dims = { attribute.Strings.Count },
                        StringData = { attribute.Strings },
                    };
                    break;
            }
        }
    }

    /// <summary>Counts reads of outer names; a name that a sub-graph defines itself is another tensor.</summary>
    private void CountUsers(GraphProto graph, ImmutableHashSet<string> hidden)
    {
        foreach (var node in graph.Node)
        {
            foreach (var input in node.Input.Where(input => input.Length > 0 && !hidden.Contains(input)))
                users[input] = users.GetValueOrDefault(input) + 1;
            foreach (var inner in node.SubGraphs())
                CountUsers(inner, hidden.Union(Defined(inner)));
        }
    }

    private static IEnumerable<string> Defined(GraphProto graph) =>
        graph.Input.Select(value => value.Name)
            .Concat(graph.Initializer.Select(tensor => tensor.Name))
            .Concat(graph.SparseInitializer.Select(tensor => tensor.Values?.Name ?? ""))
            .Concat(graph.Node.SelectMany(node => node.Output));
}

using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>
/// A copy of a model that is being spelled otherwise. The node that multiplies by a layer's weights keeps its name
/// (<c>operator@number</c>) through every rewrite, so that layers can be told apart whatever the rewrite makes of them.
/// </summary>
internal sealed class Draft
{
    private readonly FreshNames names;
    private readonly Dictionary<string, TensorForm> forms;
    private int cursor;

    public Draft(ModelProto original, IReadOnlyDictionary<string, TensorForm> forms, string directory, Random random)
    {
        Model = original.Clone();
        this.forms = new Dictionary<string, TensorForm>(forms, StringComparer.Ordinal);
        Directory = directory;
        Random = random;
        names = new FreshNames(Graph);
    }

    public ModelProto Model { get; }

    public GraphProto Graph => Model.Graph;

    /// <summary>Where external data lies.</summary>
    public string Directory { get; }

    public Random Random { get; }

    public int Opset => (int)Standard.Version;

    public OperatorSetIdProto Standard => Model.OpsetImport.Single(import => import.Domain is "" or "ai.onnx");

    /// <summary>Nodes of the standard's operators in random order; all where none is named.</summary>
    public NodeProto[] Nodes(params string[] ops) => Shuffled(
        Graph.Node.Where(node => node.Domain is "" or "ai.onnx" && (ops.Length == 0 || ops.Contains(node.OpType))));

    public T[] Shuffled<T>(IEnumerable<T> items)
    {
        T[] array = [.. items];
        Random.Shuffle(array);
        return array;
    }

    public T Pick<T>(params T[] choices) => choices[Random.Next(choices.Length)];

    public TensorForm? FormOf(string tensor) =>
        forms.GetValueOrDefault(tensor) ?? (Stored(tensor) is { } stored
            ? new TensorForm((DataType)stored.DataType, [.. stored.Dims]) : null);

    public void Forms(string tensor, TensorForm? form)
    {
        if (form is not null)
            forms[tensor] = form;
    }

    public bool IsOutput(string tensor) => Graph.Output.Any(output => output.Name == tensor);

    public bool IsInput(string tensor) => Graph.Input.Any(input => input.Name == tensor) && Stored(tensor) is null;

    public TensorProto? Stored(string tensor) => Graph.Initializer.FirstOrDefault(stored => stored.Name == tensor);

    /// <summary>The values of a stored floating-point tensor; null where it is computed or of another type.</summary>
    public double[]? ValuesOf(string tensor) =>
        Stored(tensor) is { } stored && (DataType)stored.DataType is DataType.Float or DataType.Float16 or DataType.Double
            ? TensorValues.ToDoubles(Stored(tensor)!, Directory) : null;

    /// <summary>The value of a stored tensor of one element; null for anything else.</summary>
    public double? ScalarOf(string tensor) => ValuesOf(tensor) is [var one] ? one : null;

    public NodeProto? Producer(string tensor) => Graph.Node.FirstOrDefault(node => node.Output.Contains(tensor));

    /// <summary>The nodes that read a tensor, bodies included, once for each time they do.</summary>
    public NodeProto[] Readers(string tensor) => [.. Graph.Node.SelectMany(node => Enumerable.Repeat(node, Uses(node, tensor)))];

    /// <summary>The one node that reads a tensor which is not a result of the model.</summary>
    public NodeProto? OnlyReader(string tensor) => !IsOutput(tensor) && Readers(tensor) is [var one] ? one : null;

    /// <summary>The floating-point tensors that depend on the model's input and are written by its main graph, in random
    /// order.</summary>
    public string[] Activations()
    {
        var computed = Graph.Input.Select(input => input.Name).Where(IsInput).ToHashSet(StringComparer.Ordinal);
        var found = new List<string>();
        foreach (var node in Graph.Node.Where(node => node.Input.Any(computed.Contains)))
        {
            computed.UnionWith(node.Output);
            found.AddRange(node.Output.Where(output => output.Length > 0 && FormOf(output) is { IsFloat: true }));
        }
        return Shuffled(found);
    }

    public bool IsComputed(string tensor) => IsInput(tensor) || Activations().Contains(tensor);

    public string Fresh(string stem) => names.Next(stem);

    /// <summary>Adds a node where the rewrite stands, and returns the name of its output.</summary>
    public string Emit(string op, IEnumerable<string> inputs, params AttributeProto[] attributes) =>
        Named(Fresh("spelled"), op, inputs, attributes);

    /// <summary>The same with the name of the node that it replaces; an operator of another domain is given as
    /// <c>domain::Operator</c>.</summary>
    public string Named(string name, string op, IEnumerable<string> inputs, params AttributeProto[] attributes)
    {
        var output = Fresh("t");
        var node = new NodeProto
        {
            Name = name,
            OpType = op,
            Input = { inputs },
            Output = { output },
            Attribute = { attributes }
        };
        if (op.Split("::") is [var domain, var bare])
        {
            (node.Domain, node.OpType) = (domain, bare);
            Import(domain);
        }
        Insert(node);
        return output;
    }

    public void Insert(NodeProto node) => Graph.Node.Insert(cursor++, node);

    public void Import(string domain)
    {
        if (Model.OpsetImport.All(import => import.Domain != domain))
            Model.OpsetImport.Add(new OperatorSetIdProto { Domain = domain, Version = 1 });
    }

    /// <summary>Puts other nodes in a node's place: the tensor that <paramref name="spell"/> returns takes the name of its first
    /// output.</summary>
    public bool Replace(NodeProto node, Func<string> spell)
    {
        cursor = IndexOf(node);
        var result = spell();
        Graph.Node.RemoveAt(IndexOf(node));
        RenameOutput(result, node.Output[0]);
        return true;
    }

    /// <summary>Puts nodes behind a tensor: everything that reads it, and the model's result, reads what <paramref name="spell"/>
    /// returns.</summary>
    public bool Follow(string tensor, Func<string, string> spell)
    {
        var producer = Producer(tensor)!;
        var raw = Fresh("raw");
        Forms(raw, FormOf(tensor));
        RenameOutput(tensor, raw);
        cursor = IndexOf(producer) + 1;
        RenameOutput(spell(raw), tensor);
        return true;
    }

    /// <summary>Puts nodes in front of one input of a node.</summary>
    public bool Precede(NodeProto node, int input, Func<string, string> spell)
    {
        cursor = IndexOf(node);
        node.Input[input] = spell(node.Input[input]);
        return true;
    }

    /// <summary>New nodes stand in front of this one.</summary>
    public void MoveTo(NodeProto node) => cursor = IndexOf(node);

    public void MoveToStart() => cursor = 0;

    public void Remove(NodeProto node) => Graph.Node.RemoveAt(IndexOf(node));

    public string Constant(IReadOnlyList<double> values, long[] dims, DataType type = DataType.Float)
    {
        var name = Fresh("c");
        Graph.Initializer.Add(TensorValues.FromRaw(name, type, dims, Instrumentation.TinyModel.Encode(values, type)));
        return name;
    }

    public string Scalar(double value, DataType type = DataType.Float) => Constant([value], Pick<long[]>([], [1]), type);

    public string Longs(params long[] values) => Constant([.. values.Select(value => (double)value)], [values.Length],
        DataType.Int64);

    public string Squeeze(string x, params long[] axes) => Axes("Squeeze", x, axes);

    public string Unsqueeze(string x, params long[] axes) => Axes("Unsqueeze", x, axes);

    public string Mean(string x, params long[] axes) => Opset >= 18 ? Emit("ReduceMean", [x, Longs(axes)])
        : Emit("ReduceMean", [x], Ints("axes", axes));

    public string Sum(string x, params long[] axes) => Axes("ReduceSum", x, axes);

    public string Largest(string x, params long[] axes) => Opset >= 18 ? Emit("ReduceMax", [x, Longs(axes)])
        : Emit("ReduceMax", [x], Ints("axes", axes));

    public string Clip(string x, double low, double high, DataType type = DataType.Float) => Opset >= 11
        ? Emit("Clip", [x, Constant([low], [], type), Constant([high], [], type)])
        : Emit("Clip", [x], AttributeProto.Of("min", (float)low), AttributeProto.Of("max", (float)high));

    public static AttributeProto Int(string name, long value) => AttributeProto.Of(name, value);

    public static AttributeProto Ints(string name, params long[] values) => AttributeProto.Of(name, values);

    public static long IntOf(NodeProto node, string name, long otherwise) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name)?.I ?? otherwise;

    public static float FloatOf(NodeProto node, string name, float otherwise) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name)?.F ?? otherwise;

    public static long[]? IntsOf(NodeProto node, string name) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { } found ? [.. found.Ints] : null;

    /// <summary>Puts the nodes in an order that a file may have, near the one they are in.</summary>
    public ModelProto Finish()
    {
        Order(Graph.Node.ToList());
        return Model;
    }

    /// <summary>Puts the nodes in an order that a file may have; those that could come next do so in the order given.</summary>
    /// <param name="wanted">All nodes.</param>
    /// <param name="inTurn">Those that stay in this order among each other.</param>
    public void Order(IReadOnlyList<NodeProto> wanted, IReadOnlyList<NodeProto>? inTurn = null)
    {
        var waiting = wanted.ToList();
        var turns = new Queue<NodeProto>(inTurn ?? []);
        var isInTurn = (inTurn ?? []).ToHashSet(ReferenceEqualityComparer.Instance);
        var written = wanted.SelectMany(node => node.Output).Where(output => output.Length > 0).ToHashSet(StringComparer.Ordinal);
        Graph.Node.Clear();
        while (waiting.Count > 0)
        {
            var next = waiting.FindIndex(node =>
                !ReadBy(node).Any(written.Contains) && (!isInTurn.Contains(node) || ReferenceEquals(node, turns.Peek())));
            Assert.True(next >= 0, "the rewrite made a cycle");
            written.ExceptWith(waiting[next].Output);
            Graph.Node.Add(waiting[next]);
            if (isInTurn.Contains(waiting[next]))
                turns.Dequeue();
            waiting.RemoveAt(next);
        }
        var read = Graph.Node.SelectMany(ReadBy).Concat(Graph.Output.Select(output =>
            output.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var unread in Graph.Initializer.Where(tensor => !read.Contains(tensor.Name)).ToArray())
        {
            Graph.Initializer.Remove(unread);
            foreach (var declared in Graph.Input.Where(input => input.Name == unread.Name).ToArray())
                Graph.Input.Remove(declared);
        }
    }

    /// <summary>Every tensor that a node reads, also from within its bodies.</summary>
    public static IEnumerable<string> ReadBy(NodeProto node) =>
        node.Input.Concat(node.Attribute.Where(attribute => attribute.G is not null)
            .SelectMany(attribute => attribute.G.Node.SelectMany(ReadBy)));

    private static int Uses(NodeProto node, string tensor) => ReadBy(node).Count(input => input == tensor);

    private string Axes(string op, string x, long[] axes) => Opset >= 13 ? Emit(op, [x, Longs(axes)])
        : Emit(op, [x], Ints("axes", axes));

    private void RenameOutput(string tensor, string name)
    {
        var producer = Producer(tensor)!;
        producer.Output[producer.Output.IndexOf(tensor)] = name;
    }

    // Nodes compare by their content, and two of them may be alike.
    private int IndexOf(NodeProto node)
    {
        for (var i = 0; i < Graph.Node.Count; i++)
        {
            if (ReferenceEquals(Graph.Node[i], node))
                return i;
        }
        throw new ArgumentException($"'{node.Name}' is not in the graph");
    }
}

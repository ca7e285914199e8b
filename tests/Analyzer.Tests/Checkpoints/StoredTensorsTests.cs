using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Checkpoints;

/// <summary>Every place where a graph keeps numbers, by name.</summary>
public sealed class StoredTensorsTests
{
    /// <summary>Piece by piece or at once, however a tensor is stored: the same values.</summary>
    [Theory]
    [InlineData(DataType.Float, 70_001)]
    [InlineData(DataType.Double, 70_001)]
    [InlineData(DataType.Float16, 140_001)]
    [InlineData(DataType.Int8, 270_001)]
    [InlineData(DataType.Uint4, 530_001)]
    [InlineData(DataType.Float, 65_536)]
    [InlineData(DataType.Float, 1)]
    [InlineData(DataType.Float, 0)]
    public void values_are_the_same_in_pieces(DataType type, int count)
    {
        using var folder = new TemporaryFolder();
        var bytes = new byte[ElementTypes.RawBytes((int)type, count)];
        new Random(5).NextBytes(bytes);
        if (type == DataType.Uint4 && count % 2 == 1)
            bytes[^1] &= 0x0F;
        // The same bits, but no infinity and no NaN among them, which equal nothing.
        if (type == DataType.Float16)
            bytes = [.. bytes.Select((value, i) => i % 2 == 1 ? (byte)(value & 0xBB) : value)];
        if (type is DataType.Float or DataType.Double)
            bytes = [.. bytes.Select((value, i) => i % (type == DataType.Float ? 4 : 8) == (type == DataType.Float ? 3 : 7)
                ? (byte)(value & 0xBF) : value)];
        var raw = TensorValues.FromRaw("raw", type, [count], bytes);
        File.WriteAllBytes(folder.Path("w.bin"), [1, 2, 3, 4, .. bytes]);
        var external = new TensorProto
        {
            Name = "external",
            DataType = (int)type,
            Dims = { count },
            DataLocation = TensorProto.Types.DataLocation.External,
            ExternalData =
            {
                new StringStringEntryProto { Key = "location", Value = "w.bin" },
                new StringStringEntryProto { Key = "offset", Value = "4" },
                new StringStringEntryProto { Key = "length", Value = $"{bytes.Length}" },
            },
        };
        foreach (var tensor in new[] { raw, external })
        {
            var graph = new GraphBuilder("g");
            graph.Graph.Initializer.Add(tensor);
            var stored = new StoredTensors(graph.Build(17, 8, "tests"), folder.Root);
            var (doubles, floats) = (new List<double>(), new List<float>());
            stored.VisitDoubles(tensor.Name, piece => doubles.AddRange(piece));
            stored.VisitFloats(tensor.Name, piece => floats.AddRange(piece));
            Assert.Equal(count, doubles.Count);
            Assert.Equal(stored.Doubles(tensor.Name), doubles);
            Assert.Equal(stored.Floats(tensor.Name), floats);
        }
    }

    [Fact]
    public void constants_of_every_form_are_found()
    {
        var graph = new GraphBuilder("g");
        Constant(graph, "tensor", AttributeProto.Of("value", TensorValues.FromFloats("other name", [1, 2], [1, 2])));
        Constant(graph, "float", AttributeProto.Of("value_float", 1.5f));
        Constant(graph, "floats", AttributeProto.Of("value_floats", 1f, 2f));
        Constant(graph, "int", AttributeProto.Of("value_int", 7));
        Constant(graph, "ints", AttributeProto.Of("value_ints", 7L, 8L));
        Constant(graph, "string", AttributeProto.Of("value_string", "a"));
        Constant(graph, "strings", AttributeProto.Of("value_strings", "a", "b"));
        Constant(graph, "sparse", new AttributeProto { Name = "sparse_value", SparseTensor = Sparse([3], [1], [2]) });
        graph.AddNode("n", "Constant", [], ["of another domain"], [AttributeProto.Of("value_int", 7)], "mine");
        var stored = new StoredTensors(graph.Build(17, 8, "tests"), null);

        Assert.Equal(["float", "floats", "int", "ints", "sparse", "string", "strings", "tensor"], stored.Names);
        Assert.Equal([1, 2], stored.Floats("tensor"));
        Assert.Equal([1, 2], stored.Dims("tensor"));
        Assert.Equal([1.5f], stored.Floats("float"));
        Assert.Empty(stored.Dims("float"));
        Assert.Equal([2], stored.Dims("floats"));
        Assert.Equal([7], stored.Longs("int"));
        Assert.Equal([7, 8], stored.Longs("ints"));
        Assert.Equal((int)DataType.Int64, stored.ElementType("ints"));
        Assert.Equal((int)DataType.String, stored.ElementType("strings"));
        Assert.Equal([2], stored.Dims("strings"));
        Assert.Equal([3], stored.Dims("sparse"));
        Assert.Equal([0, 0, 1], stored.Doubles("sparse"));
        Assert.False(stored.Contains("of another domain"));
    }

    [Fact]
    public void initializers_are_found_whether_or_not_they_are_inputs()
    {
        var model = TinyModels.Dense();
        model.IrVersion = 3;
        model.Graph.Input.Add(new ValueInfoProto { Name = "w" });
        model.Graph.SparseInitializer.Add(Sparse([2, 2], [5], [3]));
        var stored = new StoredTensors(model, null);
        Assert.Equal(["b", "s", "w"], stored.Names);
        Assert.Same(model.Graph.Initializer[0], stored.Get("w"));
        Assert.Equal([0, 0, 0, 5], stored.Floats("s"));
        Assert.Equal((int)DataType.Float, stored.ElementType("s"));
        Assert.False(stored.Contains("x"));
        Assert.Throws<KeyNotFoundException>(() => stored.Get("x"));
    }

    [Fact]
    public void users_are_counted_through_sub_graphs_but_not_where_a_name_is_hidden()
    {
        var graph = new GraphBuilder("g");
        var condition = graph.Input("c", DataType.Bool);
        var w = graph.Initializer("w", [1], [1f]);
        graph.Node("Add", [w, w]);
        graph.Node("If", [condition], AttributeProto.Of("then_branch", Branch(define: false)),
            AttributeProto.Of("else_branch", Branch(define: true)));
        var stored = new StoredTensors(graph.Build(17, 8, "tests"), null);
        Assert.Equal(3, stored.Users("w"));
        Assert.Equal(1, stored.Users("c"));
        Assert.Equal(0, stored.Users("nothing"));

        static GraphProto Branch(bool define)
        {
            var branch = new GraphProto { Name = "branch" };
            branch.Node.Add(new NodeProto { OpType = "Identity", Input = { "w" }, Output = { "out" } });
            if (define)
                branch.Initializer.Add(TensorValues.FromFloats("w", [1], [2]));
            return branch;
        }
    }

    [Fact]
    public void sparse_tensors_become_dense_by_either_form_of_index()
    {
        var flat = Sparse([2, 3], [10, 20], [1, 5]);
        var pairs = Sparse([2, 3], [10, 20], [0, 1, 1, 2]);
        pairs.Indices.Dims.Clear();
        pairs.Indices.Dims.AddRange(new long[] { 2, 2 });
        foreach (var sparse in new[] { flat, pairs })
        {
            var dense = SparseTensors.ToDense(sparse, null);
            Assert.Equal("s", dense.Name);
            Assert.Equal([2, 3], dense.Dims);
            Assert.Equal([0, 10, 0, 0, 0, 20], TensorValues.ToFloats(dense, null));
        }
        var empty = new SparseTensorProto { Values = new TensorProto { Name = "s", DataType = 1, Dims = { 0 } }, Dims = { 2 } };
        Assert.Equal([0, 0], TensorValues.ToFloats(SparseTensors.ToDense(empty, null), null));
    }

    [Fact]
    public void damaged_sparse_tensors_are_refused()
    {
        Assert.Equal(
            "sparse tensor 's': index 6 lies outside its 6 elements; the file is damaged", Error(Sparse([2, 3], [1], [6])));
        Assert.Equal(
            "sparse tensor 's': index -1 lies outside its 6 elements; the file is damaged", Error(Sparse([2, 3], [1], [-1])));
        Assert.Equal(
            "sparse tensor 's': 2 values have 1 indices of a shape that does not fit; the file is damaged",
            Error(Sparse([2, 3], [1, 2], [0])));
        Assert.Equal(
            "sparse tensor 's': 1000000000000 elements are too many to make of 1 stored ones; store it dense",
            Error(Sparse([1_000_000, 1_000_000], [1], [0])));
        var pair = Sparse([2, 3], [1], [0, 3]);
        pair.Indices.Dims.Clear();
        pair.Indices.Dims.AddRange(new long[] { 1, 2 });
        Assert.Equal("sparse tensor 's': index 3 lies outside axis 1; the file is damaged", Error(pair));
        Assert.Equal("sparse tensor: has no values; the file is damaged", Error(new SparseTensorProto()));

        static string Error(SparseTensorProto sparse) =>
            Assert.Throws<UserException>(() => SparseTensors.ToDense(sparse, null)).Message;
    }

    private static void Constant(GraphBuilder graph, string name, AttributeProto attribute) =>
        graph.AddNode($"{name} node", "Constant", [], [name], [attribute]);

    private static SparseTensorProto Sparse(long[] dims, float[] values, long[] indices) => new()
    {
        Values = TensorValues.FromFloats("s", [values.Length], values),
        Indices = TensorValues.FromLongs("", [indices.Length], indices),
        Dims = { dims },
    };
}

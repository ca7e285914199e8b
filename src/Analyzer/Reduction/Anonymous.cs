using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Reduction;

/// <summary>What a model tells of its owner, and models without it: nobody need give a network away to report a fault.</summary>
internal static class Anonymous
{
    /// <summary>A kind of text that can be taken away.</summary>
    internal enum Text
    {
        /// <summary>Descriptions, metadata, the producer.</summary>
        Metadata,

        /// <summary>Names of nodes, graphs and local functions.</summary>
        NodeNames,

        /// <summary>Names of tensors and of free dimensions.</summary>
        TensorNames,
    }

    /// <summary>All kinds.</summary>
    public static ImmutableArray<Text> Texts { get; } = [.. Enum.GetValues<Text>()];

    /// <summary>
    /// How many tensors and attributes hold what was learned: more than one number, of a floating-point type; those in bodies
    /// and local functions too.
    /// </summary>
    public static int Weights(ModelProto model) =>
        model.AllTensors().Count(IsWeight) + model.AllNodes().SelectMany(node => node.Attribute).Count(IsWeight);

    /// <summary>The model with some of its weights, by their order, all zero.</summary>
    public static ModelProto WithoutValues(ModelProto model, IReadOnlySet<int> weights)
    {
        // Bytes are shared among clones.
        var copy = model.Clone();
        TensorProto[] tensors = [.. copy.AllTensors().Where(IsWeight)];
        foreach (var (_, tensor) in tensors.Index().Where(tensor => weights.Contains(tensor.Index)))
            Clear(tensor);
        foreach (var (i, attribute) in copy.AllNodes().SelectMany(node => node.Attribute).Where(IsWeight).Index())
        {
            if (!weights.Contains(tensors.Length + i))
                continue;
            var count = attribute.Floats.Count;
            attribute.Floats.Clear();
            attribute.Floats.Add(new float[count]);
        }
        return copy;
    }

    private static bool IsWeight(TensorProto tensor) =>
        (DataType)tensor.DataType is DataType.Float or DataType.Double or DataType.Float16 or DataType.Bfloat16
        && TensorValues.Count(tensor) > 1;

    private static bool IsWeight(AttributeProto attribute) => attribute.Floats.Count > 1;

    private static void Clear(TensorProto tensor)
    {
        var bytes = checked((int)(TensorValues.Count(tensor) * ElementTypes.Bits(tensor.DataType) / 8));
        tensor.FloatData.Clear();
        tensor.DoubleData.Clear();
        // Of 16 bits.
        tensor.Int32Data.Clear();
        tensor.RawData = UnsafeByteOperations.UnsafeWrap(new byte[bytes]);
    }

    /// <summary>The model without these kinds of texts.</summary>
    public static ModelProto Without(ModelProto model, IReadOnlySet<Text> texts)
    {
        var copy = model.Clone();
        if (texts.Contains(Text.Metadata))
            DropMetadata(copy);
        if (texts.Contains(Text.NodeNames))
            DropNames(copy);
        if (texts.Contains(Text.TensorNames))
            new Renaming().Apply(copy);
        return copy;
    }

    private static void DropMetadata(ModelProto model)
    {
        (model.DocString, model.ProducerName, model.ProducerVersion, model.Domain, model.ModelVersion) = ("", "", "", "", 0);
        model.MetadataProps.Clear();
        foreach (var function in model.Functions)
        {
            function.DocString = "";
            function.MetadataProps.Clear();
        }
        foreach (var node in model.AllNodes())
        {
            node.DocString = "";
            node.MetadataProps.Clear();
        }
        foreach (var graph in model.AllGraphs())
        {
            graph.DocString = "";
            graph.MetadataProps.Clear();
            foreach (var value in Values(graph))
            {
                value.DocString = "";
                value.MetadataProps.Clear();
            }
            foreach (var tensor in graph.Initializer)
            {
                tensor.DocString = "";
                tensor.MetadataProps.Clear();
            }
        }
    }

    private static void DropNames(ModelProto model)
    {
        foreach (var graph in model.AllGraphs())
            graph.Name = "graph";
        // Overloads share a name.
        var functions = model.Functions.Select(function => (function.Domain, function.Name)).Distinct().Index().ToDictionary(
            function => function.Item, function => FormattableString.Invariant($"f{function.Index}"));
        foreach (var node in model.AllNodes())
        {
            node.Name = "";
            node.OpType = functions.GetValueOrDefault((node.Domain, node.OpType), node.OpType);
        }
        foreach (var function in model.Functions)
            function.Name = functions[(function.Domain, function.Name)];
    }

    private static IEnumerable<ValueInfoProto> Values(GraphProto graph) =>
        graph.Input.Concat(graph.Output).Concat(graph.ValueInfo);

    /// <summary>One new name for each old one, wherever it stands, so that what hid a name goes on hiding it.</summary>
    private sealed class Renaming
    {
        private readonly Dictionary<string, string> tensors = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string> dimensions = new(StringComparer.Ordinal);

        public void Apply(ModelProto model)
        {
            foreach (var node in model.AllNodes())
            {
                Rename(node.Input);
                Rename(node.Output);
            }
            foreach (var function in model.Functions)
            {
                Rename(function.Input);
                Rename(function.Output);
            }
            foreach (var part in model.AllGraphs())
            {
                foreach (var value in Values(part))
                {
                    value.Name = Name(value.Name);
                    foreach (var dim in value.Type?.TensorType?.Shape?.Dim.Where(dim => dim.HasDimParam) ?? [])
                        dim.DimParam = Of(dimensions, "d", dim.DimParam);
                }
                foreach (var tensor in part.Initializer)
                    tensor.Name = Name(tensor.Name);
                foreach (var sparse in part.SparseInitializer.Where(sparse => sparse.Values is not null))
                    sparse.Values.Name = Name(sparse.Values.Name);
                foreach (var annotation in part.QuantizationAnnotation)
                {
                    annotation.TensorName = Name(annotation.TensorName);
                    foreach (var entry in annotation.QuantParameterTensorNames)
                        entry.Value = Name(entry.Value);
                }
            }
        }

        private void Rename(RepeatedField<string> names)
        {
            for (var i = 0; i < names.Count; i++)
                names[i] = Name(names[i]);
        }

        private string Name(string name) => Of(tensors, "t", name);

        private static string Of(Dictionary<string, string> names, string stem, string name)
        {
            if (name.Length > 0 && !names.ContainsKey(name))
                names[name] = string.Create(CultureInfo.InvariantCulture, $"{stem}{names.Count}");
            return name.Length > 0 ? names[name] : name;
        }
    }
}

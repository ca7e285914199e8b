using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Measuring.Instrumentation;

/// <summary>
/// The shapes that a file declares for tensors that are computed. They are claims: exporters write the batch of their
/// example where the batch is free, and ONNX Runtime folds what follows from a declared shape into constants.
/// </summary>
internal static class DeclaredShapes
{
    /// <summary>
    /// The model without them: no inner tensor is described, outputs keep their types, and inside sub-graphs the number
    /// of axes too (Scan does not run without). What the runtime computes is the same; what it infers is its own.
    /// </summary>
    /// <returns>The model itself where it declares none; else a changed copy.</returns>
    public static ModelProto Drop(ModelProto model)
    {
        if (!model.AllGraphs().Any(DeclaresAny) && model.Functions.All(function => function.ValueInfo.Count == 0))
            return model;
        model = model.Clone();
        foreach (var function in model.Functions)
            function.ValueInfo.Clear();
        foreach (var graph in model.AllGraphs())
        {
            graph.ValueInfo.Clear();
            foreach (var type in Claims(graph, model.Graph))
                Free(type, keepRank: graph != model.Graph);
        }
        return model;

        bool DeclaresAny(GraphProto graph) => graph.ValueInfo.Count > 0
            || Claims(graph, model.Graph)
                .Select(Shape)
                .OfType<TensorShapeProto>()
                .Any(shape => graph == model.Graph || shape.Dim.Any(IsClaim));
    }

    /// <summary>The types of outputs and, in a body, of what it is given: a caller may give something else.</summary>
    private static IEnumerable<TypeProto> Claims(GraphProto graph, GraphProto main) =>
        (graph == main ? [] : graph.Input).Concat(graph.Output)
        .Select(info => info.Type).OfType<TypeProto>().SelectMany(Nested);

    /// <summary>A type and those inside it: of a sequence's elements, of an optional's value.</summary>
    private static IEnumerable<TypeProto> Nested(TypeProto type)
    {
        var inner = type.SequenceType?.ElemType ?? type.OptionalType?.ElemType ?? type.MapType?.ValueType;
        return inner is null ? [type] : Nested(inner).Prepend(type);
    }

    private static TensorShapeProto? Shape(TypeProto type) => type.TensorType?.Shape ?? type.SparseTensorType?.Shape;

    private static bool IsClaim(TensorShapeProto.Types.Dimension dim) => dim.HasDimValue || dim.HasDimParam;

    private static void Free(TypeProto type, bool keepRank)
    {
        if (!keepRank)
        {
            if (type.TensorType is { } tensor)
                tensor.Shape = null;
            if (type.SparseTensorType is { } sparse)
                sparse.Shape = null;
            return;
        }
        foreach (var dim in Shape(type)?.Dim ?? [])
        {
            dim.ClearDimValue();
            dim.ClearDimParam();
        }
    }
}

using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Rewriting;

/// <summary>
/// What the file itself says of the shapes of its main graph, whatever is fed to it: a size is fixed where it stays the same when
/// all that is free is doubled.
/// </summary>
internal sealed class FixedShapes
{
    private readonly Func<string, int[]?> _once;
    private readonly Func<string, int[]?> _doubled;

    private FixedShapes(Func<string, int[]?> once, Func<string, int[]?> doubled) => (_once, _doubled) = (once, doubled);

    /// <exception cref="TraceException">The graph is damaged.</exception>
    public static FixedShapes Of(ModelProto model, StoredTensors stored)
    {
        const int Batch = 3;
        var none = ImmutableDictionary<string, int>.Empty;
        var once = InputBinding.Of(model, none, none, Batch);
        var sizes = once.Dimensions.ToDictionary(pair => pair.Key, pair => 2 * pair.Value, StringComparer.Ordinal);
        var doubled = InputBinding.Of(model, sizes, none, 2 * Batch);
        return new FixedShapes(Follow(model, stored, once, Batch), Follow(model, stored, doubled, 2 * Batch));
    }

    /// <summary>The sizes of a tensor's axes, not a number where one is free; null where nothing is known.</summary>
    public double[]? this[string tensor] =>
        _once(tensor) is { } sizes && _doubled(tensor) is { } others && sizes.Length == others.Length
            ? [.. sizes.Zip(others, (size, other) => size == other ? size : double.NaN)]
            : null;

    /// <summary>Whether two tensors have the same shape, free or fixed.</summary>
    public bool AreEqual(string one, string other)
    {
        bool IsSame(Func<string, int[]?> shapes) =>
            shapes(one) is { } sizes && shapes(other) is { } others && sizes.AsSpan().SequenceEqual(others);
        return IsSame(_once) && IsSame(_doubled);
    }

    /// <summary>The shapes that follow from those of the inputs; what the file claims of inner tensors is not asked.</summary>
    private static Func<string, int[]?> Follow(ModelProto model, StoredTensors stored, InputBinding binding, int batch)
    {
        var nodes = TopologicalOrder.Of(model.Graph);
        var constants = new ConstantFolder(stored, OpRules.Fold);
        var declared = new DeclaredTypes(new GraphProto(), binding);
        var unknown = new UnknownShapes(declared, ImmutableDictionary<string, MeasuredShape>.Empty, binding.BatchOr(batch),
            ImmutableDictionary<string, int>.Empty);
        var trace = new Trace(stored, constants, unknown, new MergeChains(nodes));
        foreach (var input in binding.Tensors)
            trace.Define(input);
        var opsets = model.OpsetImport.GroupBy(import => import.Domain is null or "ai.onnx" ? "" : import.Domain)
            .ToDictionary(group => group.Key, group => (int)group.Last().Version, StringComparer.Ordinal);
        for (var i = 0; i < nodes.Count; i++)
        {
            if (trace.IsStored(nodes[i]) || nodes[i].SubGraphs().Any())
                continue;
            var domain = nodes[i].Domain == "ai.onnx" ? "" : nodes[i].Domain;
            var node = new NodeContext(nodes[i], i, opsets.GetValueOrDefault(domain, 1), trace);
            if (trace.IsConstant(nodes[i]))
                constants.AddProducer(nodes[i], node.Opset);
            try
            {
                OpRules.Find(domain, node.Op)?.Apply(node);
            }
            catch (Exception e) when (TraceException.IsUnfit(e) || e is OverflowException)
            {
                // Its results stay unknown, and what follows from them.
            }
        }
        return trace.ShapeOf;
    }
}

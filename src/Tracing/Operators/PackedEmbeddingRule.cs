using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Embeddings whose table is stored in a few bits per number.</summary>
internal sealed class PackedEmbeddingRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops => ["com.microsoft::GatherBlockQuantized"];

    public override void Apply(NodeContext node)
    {
        var (table, indices, scale) = (node.Shaped(0), node.Shaped(1), node.Input(2));
        if (!table.IsConstant)
            throw new TraceException("its table is computed, not stored");
        var dims = PackedWeights.Of(node.Node, 0, table.Shape, table.ElementType)?.Dims ?? table.Shape;
        var axis = Shapes.Axis((int)node.Attributes.Int("gather_axis", 0), dims.Length);
        node.Trace.Vocabulary(indices, dims[axis]);
        ImmutableArray<Axis> Columns(IEnumerable<int> sizes) => [.. sizes.Select(size => Axis.Of(size, AxisRole.Channel))];
        var output = node.NewTensor(
            [
                .. Columns(dims.Take(axis)),
                .. indices.Axes.Select(index => index.As(AxisRole.Sample)),
                .. Columns(dims.Skip(axis + 1)),
            ],
            scale.ElementType);
        node.Output(node.Trace.Open(node, output, node.Computed, [table.Name]));
    }
}

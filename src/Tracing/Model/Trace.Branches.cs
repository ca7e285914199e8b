using System.Collections.Immutable;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Model;

// Where branches meet: who owns an operator on several computed tensors, and who feeds it.
internal sealed partial class Trace
{
    private readonly Dictionary<string, MergeStep> _steps = new(StringComparer.Ordinal);

    /// <summary>What several branches merge into: the operands of a node, and those of its steps
    /// (<see cref="Postpone"/>).</summary>
    public ImmutableArray<TracedTensor> TermsOf(IEnumerable<TracedTensor> operands) =>
        [.. operands.SelectMany(operand => StepOf(operand) is { } step ? step.Terms : [operand])];

    /// <summary>
    /// True for a node that joins different layers and whose result goes into one more of its kind alone: the last of them
    /// merges the terms of all, so that neither order nor nesting says who owns them. Till then the result carries them all.
    /// </summary>
    public bool Postpone(
        NodeContext node, IReadOnlyCollection<TracedTensor> operands, ImmutableArray<TracedTensor> terms, TracedTensor output)
    {
        if (!chains.IsStep(node.Node) || !AreDifferent(terms))
            return false;
        _steps[node.OutputName(0)] = new MergeStep(node.OutputName(0), terms, InnerOf(operands));
        node.Output(output with { Carries = [.. terms.SelectMany(term => term.Carries).DistinctBy(carry => carry.Layer)] });
        return true;
    }

    /// <summary>The terms of several operands joined into one. Of three or more the latest branch owns the whole: begin with it.
    /// (These operators commute.)</summary>
    public TracedTensor MergeAll(
        IReadOnlyCollection<TracedTensor> operands, Func<TracedTensor, TracedTensor, TracedTensor> join)
    {
        var terms = TermsOf(operands);
        var first = terms.Length > 2 ? terms.AsEnumerable().Aggregate(Later) : terms[0];
        var merged = terms.Remove(first).Aggregate(first, join);
        OwnSteps(merged, operands);
        return merged;
    }

    /// <summary>What a reduction over the axis of a stack merges, one element of each branch; null where it reduces anything
    /// else.</summary>
    public TracedTensor? MergeStack(NodeContext node, int axis, TracedTensor output)
    {
        if (chains.StackBefore(node.Node) is not { } concat)
            return null;
        ImmutableArray<TracedTensor> branches = [.. concat.Input.Select(Tensor).OfType<TracedTensor>()];
        if (branches.Any(branch => branch.IsConstant || !branch.HasShape || branch.Rank != branches[0].Rank)
            || !AreDifferent(branches))
            return null;
        // In the order of memory: what stands in front of the branches, the branches, what is in each of them.
        var (stack, joined) = (node.Shaped(0).Shape, new AttributeReader(concat).Axis("axis", 1, branches[0].Rank));
        if (branches.Length != stack[axis] || branches.Any(branch => branch.Shape[joined] != branches[0].Shape[joined])
            || Shapes.Count(branches[0].Shape.AsSpan(0, joined)) != Shapes.Count(stack.AsSpan(0, axis)))
            return null;
        return MergeAll(branches, (sum, branch) => Combine(sum, branch, output));
    }

    private static bool AreDifferent(IEnumerable<TracedTensor> branches)
    {
        HashSet<LayerBuilder>[] layers = [.. branches.Where(branch => !branch.Carries.IsEmpty).Select(LayersOf)];
        return Array.Exists(layers, other => !other.SetEquals(layers[0]));
    }

    /// <summary>The owner of a merge owns the steps on its way there too: it is read behind them.</summary>
    private void OwnSteps(TracedTensor merged, IReadOnlyCollection<TracedTensor> operands)
    {
        foreach (var layer in LayersOf(merged).Where(layer => layer.Owned.Contains(merged.Name)))
        {
            foreach (var step in InnerOf(operands).SelectMany(step => step.All))
            {
                if (step.Terms.Any(term => LayersOf(term).Contains(layer)))
                    layer.Owned.Add(step.Output);
            }
        }
    }

    private ImmutableArray<MergeStep> InnerOf(IEnumerable<TracedTensor> operands) =>
        [.. operands.Select(StepOf).OfType<MergeStep>()];

    private MergeStep? StepOf(TracedTensor operand) => _steps.GetValueOrDefault(chains.Of(operand.Name));

    /// <summary>A merge of which only a later one says who owns it.</summary>
    private sealed record MergeStep(string Output, ImmutableArray<TracedTensor> Terms, ImmutableArray<MergeStep> Inner)
    {
        public IEnumerable<MergeStep> All => Inner.SelectMany(step => step.All).Append(this);
    }

    /// <summary>
    /// An elementwise operator on two computed tensors. Branches of the same layers join again; different layers
    /// merge: the topologically later branch owns the operator, the earlier one feeds it through an identity edge.
    /// </summary>
    public TracedTensor Combine(TracedTensor a, TracedTensor b, TracedTensor output)
    {
        if (a.Carries.IsEmpty || b.Carries.IsEmpty)
        {
            // A mask or a position computed from the input: arithmetic on the one branch that carries layers.
            output = Follow(a.Carries.IsEmpty ? b : a, output);
            foreach (var carry in output.Carries.Where(carry => CanExtend(carry, output) && IsOnPath(carry)))
                carry.Layer.Combined.Add(output.Name);
            return output;
        }
        var (layersA, layersB) = (LayersOf(a), LayersOf(b));
        if (layersA.SetEquals(layersB))
            return Rejoin(a, b, output);
        return Merge(a, b, output);
    }

    private static TracedTensor Rejoin(TracedTensor a, TracedTensor b, TracedTensor output) => output with
    {
        Carries = [.. a.Carries.Select(first =>
            CanExtend(first, output) ? first : Other(b.Carries.First(carry => carry.Layer == first.Layer), first))],
    };

    private static Carry Other(Carry second, Carry first) =>
        second with { IsStatistic = second.IsStatistic && first.IsStatistic };

    private TracedTensor Merge(TracedTensor a, TracedTensor b, TracedTensor output)
    {
        var (later, earlier) = IsLater(a, b) ? (a, b) : (b, a);
        var owns = later.Carries.All(carry => CanExtend(carry, output) && IsOnPath(carry))
            && !earlier.Carries.Any(carry => LayersOf(later).Contains(carry.Layer));
        if (!owns)
        {
            // Nobody's nodes are this sum's alone (an attention product, or a branch already merged elsewhere):
            // what follows is fed by all of them.
            return output with { Carries = [.. later.Carries.Concat(earlier.Carries).DistinctBy(carry => carry.Layer)] };
        }
        var carries = ImmutableArray.CreateBuilder<Carry>();
        foreach (var carry in later.Carries)
        {
            var layer = carry.Layer;
            layer.Generation++;
            layer.Owned.Add(output.Name);
            carries.Add(carry with { Generation = layer.Generation });
            foreach (var partner in earlier.Carries)
            {
                if (partner.IsAligned)
                    layer.IdentityFrom.Add((partner.Layer, earlier.Name, output.Name));
                layer.Depth = Math.Max(layer.Depth, partner.Layer.Depth);
            }
        }
        carries.AddRange(earlier.Carries.Where(carry => !carry.IsAligned));
        return output with { Carries = carries.ToImmutable() };
    }

    /// <summary>The topologically later of two branches: by depth, a tie by the order of the file; one that carries layers before
    /// one that does not.</summary>
    public static TracedTensor Later(TracedTensor a, TracedTensor b) =>
        b.Carries.IsEmpty ? a : a.Carries.IsEmpty ? b : IsLater(a, b) ? a : b;

    /// <summary>A product or other mixture of computed tensors: what follows is fed by every layer they carry.</summary>
    public static ImmutableArray<Carry> Mix(IEnumerable<TracedTensor> tensors) =>
        [.. tensors.SelectMany(tensor => tensor.Carries)
            .DistinctBy(carry => carry.Layer)
            .Select(carry => carry with { IsAligned = false, IsStatistic = false, Range = null })];

    /// <summary>What is reduced over its channels: a mixture too, but a statistic of the layers that it holds whole.</summary>
    public static ImmutableArray<Carry> Reduce(TracedTensor tensor) =>
        [.. tensor.Carries.Select(carry => carry with
        {
            IsAligned = false, IsStatistic = carry.IsStatistic || carry is { IsWhole: true, IsAligned: true }, Range = null,
        })];

    /// <summary>A branch that already ends in a later layer, or by depth, or (a tie) by the order of the file.</summary>
    private static bool IsLater(TracedTensor a, TracedTensor b)
    {
        static (int, int) Position(TracedTensor tensor) =>
            (tensor.Carries.Max(carry => carry.Layer.Depth), tensor.Carries.Max(carry => carry.Layer.Order));
        return Position(a).CompareTo(Position(b)) > 0;
    }

    private static HashSet<LayerBuilder> LayersOf(TracedTensor tensor) => [.. tensor.Carries.Select(carry => carry.Layer)];
}

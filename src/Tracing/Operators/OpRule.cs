using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>What an operator is to the trace.</summary>
internal enum OpKind
{
    /// <summary>Has weights and opens a layer.</summary>
    Layer,

    /// <summary>An elementwise function that closes one.</summary>
    Activation,

    /// <summary>Scales and shifts; belongs to the layer before it.</summary>
    Normalization,

    /// <summary>Moves, pools, copies or converts values.</summary>
    Transparent,

    /// <summary>Joins branches.</summary>
    Merge,

    /// <summary>Computes shapes, indices or predicates, or handles no tensors of floats at all.</summary>
    NotALayer,
}

/// <summary>What an operator does to the values of its first input, as far as a function behind it could as
/// well stand in front.</summary>
internal enum ValueFlow
{
    /// <summary>It gives the same values another shape.</summary>
    Layout,

    /// <summary>It moves, selects or repeats values.</summary>
    Selection,

    /// <summary>It takes the largest or the smallest of several.</summary>
    Largest,

    /// <summary>It averages or sums several.</summary>
    Average,
}

/// <summary>
/// All that is known of one family of operators. What a rule does not answer is unknown, which is always safe: the layers on
/// both sides are then connected node by node in every combination, and a warning names the operator.
/// </summary>
internal abstract class OpRule
{
    /// <summary>What these operators are.</summary>
    public abstract OpKind Kind { get; }

    /// <summary>Their names; those of another domain as <c>domain::Name</c>.</summary>
    public abstract ImmutableArray<string> Ops { get; }

    /// <summary>Defines the node's outputs: shapes, what each axis counts, and layers.</summary>
    /// <exception cref="TraceException">The node's inputs do not fit together or are not known well enough.</exception>
    public abstract void Apply(NodeContext node);

    /// <summary>
    /// True where the values of an input decide the shape or type of the outputs and nothing else. Every other input that
    /// holds computed values is carried by an output or feeds the layer that the node opens.
    /// </summary>
    public virtual bool OnlyShapes(NodeContext node, int input) => false;

    /// <summary>
    /// For each element of an output, the elements of an input that its value comes from; null where that is not known. A
    /// normalization is transparent: each of its elements comes from the one at its place, not from the statistics.
    /// </summary>
    /// <exception cref="TraceException">The node's inputs do not fit together or are not known well enough.</exception>
    public virtual ElementMap? Sources(OperatorCall call, int input, int output) => null;

    /// <summary>What the operator does to the values of its first input; null for anything else.</summary>
    public virtual ValueFlow? Flow(OperatorCall call) => null;

    /// <summary>
    /// The axes of the first input along which the operator combines or exchanges elements although the output has the same
    /// axes; what a shape shows (a reduction, a product, a part) is not among them.
    /// </summary>
    /// <exception cref="TraceException">The node's inputs do not fit together or are not known well enough.</exception>
    public virtual IEnumerable<int> Mixes(OperatorCall call) => [];

    /// <summary>The axes of a tensor from one on.</summary>
    protected static IEnumerable<int> From(int axis, int[] dims) => Enumerable.Range(axis, Math.Max(0, dims.Length - axis));

    /// <summary>The axis of an input that the operator takes for samples, whatever the file calls it; null
    /// where it takes none.</summary>
    public virtual int? SampleAxis(OperatorCall call, int input) => null;

    /// <summary>The weights of a node that opens a layer; null for an operator that opens none.</summary>
    /// <exception cref="TraceException">The node's inputs do not fit together or are not known well enough.</exception>
    public virtual LayerWeights? Weights(OperatorCall call) => null;

    /// <summary>The node's outputs, where all its inputs are constant; null where it is not evaluated
    /// before the model runs.</summary>
    /// <exception cref="TraceException">The inputs do not fit together, or the result is too large.</exception>
    public virtual ConstantTensor[]? Fold(OperatorCall call) => null;
}

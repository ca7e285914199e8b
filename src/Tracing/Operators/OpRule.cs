using System.Collections.Immutable;
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
    Normalisation,

    /// <summary>Moves, pools, copies or converts values.</summary>
    Transparent,

    /// <summary>Joins branches.</summary>
    Merge,

    /// <summary>Computes shapes, indices or predicates, or handles no tensors of floats at all.</summary>
    NotALayer,
}

/// <summary>How the trace passes through one family of operators: shapes, what each axis counts, and layers.</summary>
internal abstract class OpRule
{
    /// <summary>What these operators are.</summary>
    public abstract OpKind Kind { get; }

    /// <summary>Their names; those of another domain as <c>domain::Name</c>.</summary>
    public abstract ImmutableArray<string> Ops { get; }

    /// <summary>Defines the node's outputs.</summary>
    /// <exception cref="TraceException">The node's inputs do not fit together or are not known well enough.</exception>
    public abstract void Apply(NodeContext node);

    /// <summary>
    /// True where the values of an input decide the shape or type of the outputs and nothing else. Every other input that
    /// holds computed values is carried by an output or feeds the layer that the node opens.
    /// </summary>
    public virtual bool OnlyShapes(NodeContext node, int input) => false;
}

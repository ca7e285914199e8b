using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;

namespace Emergence.Tracing.Model;

/// <summary>A layer while it is being traced.</summary>
internal sealed class LayerBuilder
{
    /// <summary>Position of its operator in the sorted graph.</summary>
    public required int Order { get; init; }

    public required string Op { get; init; }

    public required string NodeName { get; init; }

    /// <summary>The operator's own output.</summary>
    public required string Output { get; init; }

    public required bool IsConvolution { get; init; }

    public int Groups { get; init; } = 1;

    /// <summary>Length of the longest chain of layers that ends here: which of two branches is topologically later.</summary>
    public int Depth { get; set; }

    /// <summary>The tensor its activations are read from, as far as the trace has come.</summary>
    public required TracedTensor Read { get; set; }

    /// <summary>The part of <see cref="Read"/> that is this layer's; null for all of it.</summary>
    public AxisRange? ReadRange { get; set; }

    /// <summary>Further outputs of the operator that repeat elements of <see cref="Output"/>, and which ones.</summary>
    public Dictionary<string, ElementMap> Repeats { get; } = new(StringComparer.Ordinal);

    /// <summary>The activation function that closes it; empty if there is none.</summary>
    public string Activation { get; set; } = "";

    /// <summary>What is applied to <see cref="Read"/> first.</summary>
    public ImmutableArray<AppliedStep> Applied { get; set; } = [];

    /// <summary>The results of operators that combine it with what holds no layer: a mask or a position
    /// computed from the input.</summary>
    public HashSet<string> Combined { get; } = new(StringComparer.Ordinal);

    /// <summary>The results of the operators on several branches that it owns: it is read behind them.</summary>
    public HashSet<string> Owned { get; } = new(StringComparer.Ordinal);

    /// <summary>How many merges it has come to own; a path that left it before the last one can own no other.</summary>
    public int Generation { get; set; }

    public List<(string Tensor, ParameterRole Role)> Parameters { get; } = [];

    /// <summary>Layers all of whose nodes feed all of this one's.</summary>
    public HashSet<LayerBuilder> DenseFrom { get; } = [];

    /// <summary>Makes layers feed this one densely, which then comes after them.</summary>
    public void FeedFrom(IEnumerable<LayerBuilder> layers)
    {
        foreach (var layer in layers)
        {
            DenseFrom.Add(layer);
            Depth = Math.Max(Depth, layer.Depth + 1);
        }
    }

    /// <summary>Layers whose nodes feed their counterparts here, with the tensor of theirs that the merge
    /// reads and its result.</summary>
    public List<(LayerBuilder Layer, string Branch, string Merged)> IdentityFrom { get; } = [];
}

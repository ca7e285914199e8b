using System.Collections.Immutable;
using Onnx;

namespace Emergence.Analyzer.Reduction;

/// <summary>
/// Looks for a smallest model on which a command still fails: fewer nodes and outputs, weights of zero, no names. Nothing that
/// is left can be taken away alone (Zeller and Hildebrandt 2002, "Simplifying and isolating failure-inducing input").
/// </summary>
/// <param name="types">Declarations of the model's tensors.</param>
/// <param name="fails">Whether the command still fails on a model.</param>
internal sealed class ModelReducer(IReadOnlyDictionary<string, ValueInfoProto> types, Func<ModelProto, bool> fails)
{
    /// <summary>The smallest model that failed by now; null as long as none smaller did.</summary>
    public ModelProto? Smallest { get; private set; }

    /// <summary>Tensors whose values are needed for the fault; the others are zero.</summary>
    public int KeptValues { get; private set; }

    /// <summary>Reduces a model on which the command fails.</summary>
    public ModelProto Reduce(ModelProto model)
    {
        model = CutBodies(Cut(model));
        ImmutableArray<int> weights = [.. Enumerable.Range(0, Anonymous.Weights(model))];
        var kept = Minimize(weights, left => Try(Anonymous.WithoutValues(model, weights.Except(left).ToHashSet())));
        KeptValues = kept.Length;
        model = Smallest ?? model;
        var texts = Anonymous.Texts;
        Minimize(texts, left => Try(Anonymous.Without(model, texts.Except(left).ToHashSet())));
        return Smallest ?? model;
    }

    private ModelProto Cut(ModelProto model)
    {
        var part = new PartialModel(model, types);
        ImmutableArray<string> outputs = [.. model.Graph.Output.Select(output => output.Name)];
        var nodes = Minimize([.. model.Graph.Node], left => Try(part.Of(left, outputs)));
        Minimize(outputs, left => Try(part.Of(nodes, left)));
        return Smallest ?? model;
    }

    private ModelProto CutBodies(ModelProto model)
    {
        for (var body = 0; body < Bodies.Count(model); body++)
        {
            var (whole, index) = (model, body);
            ImmutableArray<int> nodes = [.. Enumerable.Range(0, Bodies.NodesOf(model, body))];
            var left = Minimize(nodes, left => Bodies.With(whole, index, left) is { } candidate && Try(Closed(candidate)));
            if (left.Length < nodes.Length)
                model = Smallest!;
        }
        return model;
    }

    /// <summary>The model without stored tensors and local functions that nothing reads any more.</summary>
    private ModelProto? Closed(ModelProto model) =>
        new PartialModel(model, types).Of(model.Graph.Node, [.. model.Graph.Output.Select(output => output.Name)]);

    private bool Try(ModelProto? candidate)
    {
        if (candidate is null || !fails(candidate))
            return false;
        Smallest = candidate;
        return true;
    }

    /// <summary>
    /// Takes away stretches of items, long ones first and from the end, as long as <paramref name="test"/> holds of the rest.
    /// </summary>
    /// <returns>Items of which none can be taken away alone.</returns>
    internal static ImmutableArray<T> Minimize<T>(ImmutableArray<T> items, Func<ImmutableArray<T>, bool> test)
    {
        for (var length = items.Length; length > 0;)
        {
            var shorter = false;
            for (var start = items.Length - length; start > -length; start -= length)
            {
                var from = Math.Max(0, start);
                var left = items.RemoveRange(from, Math.Min(length, items.Length - from));
                if (!test(left))
                    continue;
                (items, shorter) = (left, true);
                start = Math.Min(start, items.Length);
            }
            // What could not go before may go now that others are gone.
            length = length == 1 && shorter ? Math.Min(1, items.Length) : Math.Min(length / 2, items.Length);
        }
        return items;
    }
}

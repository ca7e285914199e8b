using Emergence.Checkpoints;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Rewriting;

/// <summary>
/// Rewrites a model so that every layer has a tensor to be read from and every parameter stands in its main graph. The results
/// of the model stay what they are. Stands between opening a checkpoint and tracing it.
/// </summary>
public static class ModelPreparation
{
    /// <summary>
    /// Inlines local functions and what a constant condition chooses, takes elements out of sequences that are known, names the
    /// sequence of recurrent operators of which only the last state is used, moves what other bodies store to the main graph,
    /// and takes fused operators apart that hide what a layer is read from.
    /// </summary>
    /// <returns>The checkpoint itself where there is nothing to do; else one with a changed copy of the model.</returns>
    /// <exception cref="UserException">A local function calls itself, or its calls do not fit it.</exception>
    public static Checkpoint Prepare(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        try
        {
            var (model, hasFunctions) = FunctionInliner.Apply(checkpoint.Model);
            (model, var hasBranches) = BranchInliner.Apply(model, checkpoint.Directory);
            (model, var hasElements) = KnownSequences.Apply(model, checkpoint.Directory);
            (model, var hasSequences) = NameSequences(model);
            (model, var hasBodies) = BodyHoisting.Apply(model);
            (model, var isFused) = FusedOperators.Apply(model);
            return hasFunctions || hasBranches || hasElements || hasSequences || hasBodies || isFused
                ? checkpoint.WithModel(model)
                : checkpoint;
        }
        catch (Exception e) when (TraceException.IsUnfit(e))
        {
            throw Unfit(checkpoint, e);
        }
    }

    // What a rule says itself may end in a remedy of its own.
    private static UserException Unfit(Checkpoint checkpoint, Exception e) => new(
        $"{checkpoint.FileName}: {TraceException.Finding(e)}"
        + (TraceException.Finding(e).Contains(';', StringComparison.Ordinal) ? "" : "; check the file with onnx.checker"), e);

    /// <summary>
    /// A copy of the checkpoint whose bodies store nothing, under the names that a trace gives their tensors. The checkpoint
    /// itself where it has none, and where the trace rewrites the graph otherwise too.
    /// </summary>
    /// <exception cref="UserException">The graph is damaged.</exception>
    public static Checkpoint HoistBodies(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        try
        {
            if (checkpoint.Model.Functions.Count > 0 || BranchInliner.TakesBranches(checkpoint.Model, checkpoint.Directory))
                return checkpoint;
            var (model, isModified) = BodyHoisting.Apply(checkpoint.Model);
            return isModified ? checkpoint.WithModel(model) : checkpoint;
        }
        catch (Exception e) when (TraceException.IsUnfit(e))
        {
            throw Unfit(checkpoint, e);
        }
    }

    /// <summary>Every time step counts as a sample, so the hidden states of all of them must leave the operator.</summary>
    private static (ModelProto Model, bool Modified) NameSequences(ModelProto model)
    {
        static bool IsNameless(NodeProto node) =>
            node is
            {
                OpType: "LSTM" or "GRU" or "RNN" or "DynamicQuantizeLSTM", Domain: "" or "ai.onnx" or "com.microsoft",
                Output: [{ Length: 0 }, ..]
            };
        static IEnumerable<NodeProto> Nameless(ModelProto model) =>
            model.Graph.SelfAndSubGraphs().SelectMany(graph => graph.Node).Where(IsNameless);
        if (!Nameless(model).Any())
            return (model, false);
        model = model.Clone();
        var names = new FreshNames(model.Graph);
        foreach (var node in Nameless(model).ToArray())
            node.Output[0] = names.Next($"{node.Output.FirstOrDefault(output => output.Length > 0) ?? node.OpType}_Y");
        return (model, true);
    }
}

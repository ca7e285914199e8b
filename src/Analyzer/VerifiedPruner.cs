using System.Collections.Immutable;
using System.Globalization;
using Emergence.Analyzer.Containment;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Pruning;
using Emergence.Tracing;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Analyzer;

/// <summary>
/// Prunes a checkpoint and runs what becomes of it, before anything is written: the pruned network is finite where the
/// original is, and with nodes cut out it computes what it computes with them zeroed. A layer that breaks this is left alone,
/// or its nodes stay as zeros, with a warning that names it.
/// </summary>
/// <param name="checkpoint">The checkpoint.</param>
/// <param name="probe">What the user says of samples.</param>
/// <param name="run">Limits and token.</param>
internal sealed class VerifiedPruner(Checkpoint checkpoint, ProbeOptions probe, CheckpointRun run)
{
    // Sums of float32 in another order differ by less than 1e-6 of their size; a deep network multiplies that.
    private const double Tolerance = 1e-5;
    private const double HalfTolerance = 2e-2;

    private static readonly AnalysisSettings Settings = new() { Device = Device.Cpu };

    private readonly SessionFactory sessions = SessionFactory.Create(Settings);
    private (Probe Samples, ModelOutputs Outputs)? original;
    private string? whyNot;

    /// <summary>Prunes; layers that cannot be pruned as asked for are named in the diagnostics.</summary>
    /// <param name="options">How to prune.</param>
    /// <param name="spool">Takes large tensors of the result; without one they come into memory.</param>
    /// <exception cref="UserException">It cannot be pruned so that it passes.</exception>
    public PrunedModel Prune(PruneOptions options, TensorSpool? spool = null)
    {
        var zeroing = options with { Shrink = false, Strict = false };
        var zeroed = Pruner.Prune(checkpoint, zeroing, spool);
        if (!HasOriginal(options.Trace))
        {
            var unverified = options.Shrink ? Pruner.Prune(checkpoint, options, spool) : zeroed;
            return unverified with
            {
                Diagnostics = unverified.Diagnostics.Add(
                    Diagnostic.Warning("verification",
                    $"the original does not run ({whyNot}), so that what is written is not verified")),
            };
        }
        if (WhyNotFinite(zeroed) is not null)
        {
            zeroing = zeroing with
            {
                Spared =
                Guilty(zeroed, spared => Try(zeroing with { Spared = spared }, WhyNotFinite))
            };
            zeroed = Pruner.Prune(checkpoint, zeroing, spool);
            Require(WhyNotFinite(zeroed));
        }
        if (!options.Shrink)
            return zeroed;
        options = options with { Spared = zeroing.Spared };
        var expected = OutputsOf(zeroed);
        string? Differs(ImmutableSortedDictionary<string, string> uncut) =>
            Try(options with { Uncut = uncut, Strict = false }, cut => WhyNotEqual(zeroed, expected, cut));
        if (Differs(options.Uncut) is not null)
        {
            options = options with { Uncut = Guilty(zeroed, Differs) };
            Require(Differs(options.Uncut));
        }
        return Pruner.Prune(checkpoint, options, spool);

        // What is tried goes again.
        string? Try(PruneOptions some, Func<PrunedModel, string?> faultOf)
        {
            using var own = spool?.Another();
            return faultOf(Pruner.Prune(checkpoint, some, own));
        }
    }

    private void Require(string? fault)
    {
        if (fault is not null)
            throw new UserException(
                $"{checkpoint.FileName}: {fault}, whichever layer is left alone; nothing is written; prune less, or write it "
                + "unverified with --no-verify");
    }

    /// <summary>Runs the original, once; false where it does not run.</summary>
    private bool HasOriginal(TraceOptions trace)
    {
        if (original is not null || whyNot is not null)
            return original is not null;
        try
        {
            var traced = TracedCheckpoint.Of(checkpoint, Settings, trace);
            run.Require(traced.Graph.Widest);
            var samples = TrialProbe.Of(traced.Checkpoint, traced.Graph, probe, run.Token);
            original = (samples, ModelOutputs.Of(traced.Checkpoint, traced.Graph, sessions, Settings, samples, run.Token));
        }
        catch (UserException e) when (e is not UsageException)
        {
            whyNot = e.Message;
        }
        return original is not null;
    }

    private ModelOutputs OutputsOf(PrunedModel pruned)
    {
        var traced =
            TracedCheckpoint.Of(checkpoint.WithModel(pruned.Model), Settings, new TraceOptions { Dimensions = probe.Dimensions });
        return ModelOutputs.Of(traced.Checkpoint, traced.Graph, sessions, Settings, original!.Value.Samples, run.Token);
    }

    /// <summary>Why a pruned network is worse than none; null where it is not.</summary>
    private string? WhyNotFinite(PrunedModel pruned)
    {
        try
        {
            return OutputsOf(pruned).IsFiniteWhere(original!.Value.Outputs)
                ? null
                : "pruned, its output is not finite where that of the original is";
        }
        catch (UserException e)
        {
            return $"pruned, it does not run ({e.Message})";
        }
    }

    private string? WhyNotEqual(PrunedModel zeroed, ModelOutputs expected, PrunedModel cut)
    {
        try
        {
            var share = OutputsOf(cut).LargestShareOf(expected);
            var tolerance = IsHalf(cut) ? HalfTolerance : Tolerance;
            // A network of random numbers differs from itself.
            return share <= tolerance || !(OutputsOf(zeroed).LargestShareOf(expected) <= tolerance)
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"cut out, the output differs by {share:G2} of its size");
        }
        catch (UserException e)
        {
            return $"cut out, the model does not run ({e.Message})";
        }
    }

    /// <summary>
    /// The layers with which the fault comes, and what it is with each: halves of the layers are tried, then halves of those
    /// that fail.
    /// </summary>
    /// <param name="pruned">The network with the fault.</param>
    /// <param name="faultWithout">The fault that is left where some layers are excepted.</param>
    private ImmutableSortedDictionary<string, string> Guilty(PrunedModel pruned,
        Func<ImmutableSortedDictionary<string, string>, string?> faultWithout)
    {
        string[] suspects = [.. pruned.Layers.Where(layer => layer.UnitsRemoved > 0 || layer.Zeros > layer.ZerosBefore)
            .Where(layer => layer.IsSelected)
            .Select(layer => layer.Name)];
        var innocent = new HashSet<string>(StringComparer.Ordinal);
        var guilty = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        Try(suspects);
        return guilty.ToImmutable();

        void Try(ArraySegment<string> some)
        {
            if (some.Count == 0)
                return;
            run.Token.ThrowIfCancellationRequested();
            var others =
                suspects.Except(innocent).Except(some).ToImmutableSortedDictionary(name => name, _ => "", StringComparer.Ordinal);
            var fault = faultWithout(others);
            if (fault is null)
            {
                innocent.UnionWith(some);
            }
            else if (some.Count == 1)
            {
                guilty[some[0]] = fault;
            }
            else
            {
                Try(some[..(some.Count / 2)]);
                Try(some[(some.Count / 2)..]);
            }
        }
    }

    private static bool IsHalf(PrunedModel pruned) => pruned.Model.Graph.Initializer.Any(tensor =>
        (DataType)tensor.DataType is DataType.Float16 or DataType.Bfloat16 or DataType.Int8 or DataType.Uint8);
}

using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Pruning;

namespace Emergence.Analyzer;

/// <summary>How a model changes as one of its layers is pruned.</summary>
public sealed record SensitivityRow
{
    /// <summary>The layer that was pruned; null for the model as it is.</summary>
    public required string? Layer { get; init; }

    /// <summary>The share that was asked for.</summary>
    public required double Amount { get; init; }

    /// <summary>The share of the layer's weights that is zero.</summary>
    public required double Sparsity { get; init; }

    /// <summary>Accuracy on a labeled probe, in [0, 1]; else null.</summary>
    public required double? Accuracy { get; init; }

    /// <summary>‖y′ − y‖ / ‖y‖ over all floating-point outputs and samples; not finite where an output is
    /// not, or where there are none.</summary>
    public required double OutputChange { get; init; }

    /// <summary>Largest absolute difference of any output on any sample.</summary>
    public required double LargestChange { get; init; }

    /// <summary>What was measured, one entry per threshold.</summary>
    public required ImmutableArray<Measurement> Measurements { get; init; }
}

/// <summary>The sensitivity of a checkpoint's layers.</summary>
/// <param name="File">The file as the user named it.</param>
/// <param name="Rows">The model as it is, then layer by layer, amounts ascending.</param>
/// <param name="Probe">The samples it was measured on.</param>
/// <param name="Diagnostics">Warnings and notes.</param>
public sealed record SensitivityResult(
    string File, ImmutableArray<SensitivityRow> Rows, ProbeProvenance Probe, ImmutableArray<Diagnostic> Diagnostics);

/// <summary>
/// Prunes each layer alone and measures what becomes of the model: where little changes, much can be pruned. Nothing is written.
/// </summary>
public static class Sensitivity
{
    /// <summary>Measures a checkpoint, layer by layer.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="amounts">How much of each layer to prune.</param>
    /// <param name="options">What to prune, and which layers; amount, scope and shrinking are not used.</param>
    /// <param name="settings">What to measure, and how; its selection of layers is not used.</param>
    /// <param name="probe">The samples.</param>
    /// <param name="progress">Receives progress; optional.</param>
    /// <param name="loaded">Receives the bytes of the samples that are read from files, and of the memory that the device's
    /// libraries take, before anything is run; optional.</param>
    /// <param name="token">Ends the run in progress.</param>
    /// <exception cref="UserException">The model cannot be traced, pruned or run.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public static SensitivityResult Measure(
        string file, ImmutableArray<double> amounts, PruneOptions options, AnalysisSettings settings, ProbeOptions probe,
        IProgress<AnalysisProgress>? progress, Action<long, long>? loaded, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(settings);
        // Every layer counts; which are pruned is said by the options.
        settings = settings with { Only = [], Exclude = [] };
        var sessions = SessionFactory.Create(settings);
        var checkpoint = Checkpoint.Open(file);
        var (whole, samples) = TracedCheckpoint.On(checkpoint, settings, new ProbeCache(probe), sessions, loaded, token);
        options = options with
        {
            Trace = whole.Options with { IncludeInput = false },
            Scope = PruneScope.Layer,
            Shrink = false,
            Strict = false,
        };
        var untouched = Pruner.Prune(checkpoint, options with { Amount = 0 });
        var layers = untouched.Layers.Where(layer => layer.IsSelected).ToArray();
        var outputs = ModelOutputs.Of(whole.Checkpoint, whole.Graph, sessions, settings, samples, token);

        var diagnostics = new List<Diagnostic>([.. untouched.Diagnostics, .. samples.Diagnostics, .. sessions.Diagnostics]);
        var rows = ImmutableArray.CreateBuilder<SensitivityRow>();
        rows.Add(Row(null, 0, 0, whole));
        var total = layers.Length * amounts.Length;
        foreach (var layer in layers)
        {
            foreach (var amount in amounts.Order())
            {
                progress?.Report(new AnalysisProgress(file, rows.Count - 1, total, 0, samples.Samples,
                    $"{rows.Count}/{total}  {layer.Name} at {amount}"));
                var pruned = Pruner.Prune(checkpoint, options with { Amount = amount, Layer = layer.Name });
                rows.Add(Row(layer.Name, amount, pruned.Sparsity,
                    TracedCheckpoint.Of(checkpoint.WithModel(pruned.Model), settings, whole.Options)));
            }
        }
        return new SensitivityResult(file, rows.ToImmutable(), samples.Provenance, [.. diagnostics.Distinct()]);

        SensitivityRow Row(string? layer, double amount, double sparsity, TracedCheckpoint model)
        {
            token.ThrowIfCancellationRequested();
            var measured = model.Measure(samples, sessions, samplesDone: null, token);
            diagnostics.AddRange(measured.Diagnostics);
            var (change, largest) = outputs.ChangeTo(layer is null ? outputs
                : ModelOutputs.Of(model.Checkpoint, model.Graph, sessions, settings, samples, token));
            return new SensitivityRow
            {
                Layer = layer,
                Amount = amount,
                Sparsity = sparsity,
                Accuracy = measured.Profile.Accuracy,
                OutputChange = change,
                LargestChange = largest,
                Measurements = measured.Measurements,
            };
        }
    }
}

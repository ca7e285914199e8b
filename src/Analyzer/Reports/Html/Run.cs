using System.Collections.Immutable;
using System.Globalization;
using Emergence.Analyzer.Series;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>A series, or one model, as the page names its parts. Names are of files: they are made printable here.</summary>
internal sealed class Run
{
    /// <param name="outcome">Of at least one checkpoint.</param>
    public Run(AnalysisOutcome outcome)
    {
        Outcome = outcome;
        Checkpoints = outcome.Series.Checkpoints;
        HasEpochs = AreOrdered(Checkpoints);
        Steps = StepsOf(Checkpoints);
        Labels = LabelsOf(Checkpoints);
        Verdict = outcome.Verdicts.FirstOrDefault();
        Shown = ShownSteps.Of(Checkpoints, outcome.Verdicts);
        Measurements = [.. Checkpoints.Select(checkpoint => checkpoint.Measurements[0])];
        Name = Printable.Of(NameOf([.. Checkpoints.Select(checkpoint => checkpoint.File)]));
    }

    public AnalysisOutcome Outcome { get; }

    public ImmutableArray<CheckpointResult> Checkpoints { get; }

    /// <summary>What the files have in common.</summary>
    public string Name { get; }

    public bool IsSeries => Checkpoints.Length > 1;

    /// <summary>Whether every checkpoint has an epoch above that of the one before.</summary>
    public bool HasEpochs { get; }

    /// <summary>Each checkpoint on an axis: its epoch, else its name.</summary>
    public ImmutableArray<string> Steps { get; }

    /// <summary>Each checkpoint in a sentence.</summary>
    public ImmutableArray<string> Labels { get; }

    /// <summary>What an axis of checkpoints measures.</summary>
    public string StepLabel => HasEpochs ? "epoch" : "checkpoint";

    /// <summary>The axis of what is drawn along the series.</summary>
    public Axis Axis => new(StepLabel) { Categories = HasEpochs ? [] : [.. Shown.Select(i => Steps[i])] };

    /// <summary>The checkpoints that are drawn and listed, by index.</summary>
    public ImmutableArray<int> Shown { get; }

    /// <summary>Each of <see cref="Shown"/> with where it stands on an axis.</summary>
    public IEnumerable<(double At, CheckpointResult Checkpoint)> Points =>
        Shown.Select((index, place) => (HasEpochs ? Checkpoints[index].Epoch!.Value : (double)place, Checkpoints[index]));

    /// <summary>The measurements under the first threshold, which all pictures of layers show.</summary>
    public ImmutableArray<Measurement> Measurements { get; }

    /// <summary>Where the series stands; null for one model.</summary>
    public SeriesVerdict? Verdict { get; }

    /// <summary>That of the last checkpoint.</summary>
    public Measurement Last => Measurements[^1];

    /// <summary>Each checkpoint in a sentence.</summary>
    public static ImmutableArray<string> LabelsOf(ImmutableArray<CheckpointResult> checkpoints) =>
        AreOrdered(checkpoints) ? [.. StepsOf(checkpoints).Select(step => $"epoch {step}")] : StepsOf(checkpoints);

    private static bool AreOrdered(ImmutableArray<CheckpointResult> checkpoints) =>
        checkpoints[0].Epoch is not null && checkpoints.Zip(checkpoints.Skip(1)).All(
            pair => pair.First.Epoch < pair.Second.Epoch);

    private static ImmutableArray<string> StepsOf(ImmutableArray<CheckpointResult> checkpoints)
    {
        var areOrdered = AreOrdered(checkpoints);
        return [.. checkpoints.Select(checkpoint => areOrdered ? PageText.Count(checkpoint.Epoch!.Value)
            : ShortName(checkpoint.File))];
    }

    private static string ShortName(string file) => Printable.Of(Path.GetFileNameWithoutExtension(file));

    private static string NameOf(string[] files)
    {
        var folders = files.Select(file => Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(file)))).Distinct().ToArray();
        return files.Length == 1 ? Path.GetFileName(files[0])
            : folders is [{ Length: > 0 } folder] ? string.Create(CultureInfo.InvariantCulture,
                $"{folder}: {files.Length} checkpoints")
            : string.Create(CultureInfo.InvariantCulture, $"{files.Length} checkpoints");
    }
}

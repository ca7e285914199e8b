using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Emergence.Checkpoints;
using Emergence.Figures;
using Emergence.Trainer.Experiments.Steps;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>Everything the experiments found, and what it took.</summary>
/// <param name="Command">The command that gives it.</param>
/// <param name="Machine">Processor, cores and system.</param>
/// <param name="Programs">The programs and their versions.</param>
/// <param name="Seconds">Working time of all steps, one after the other.</param>
/// <param name="Jobs">How many were worked on at a time.</param>
/// <param name="Remarks">What a reader must know before the numbers.</param>
/// <param name="Chapters">In order.</param>
internal sealed record Reproduction(
    string Command, string Machine, ImmutableArray<string> Programs, double Seconds, int Jobs, ImmutableArray<string> Remarks,
    ImmutableArray<Chapter> Chapters)
{
    /// <summary>The verdicts.</summary>
    public Primaries Primaries { get; } = Primaries.Of(Chapters);

    /// <summary>Reads what the steps left and writes the chapters.</summary>
    public static ImmutableArray<Chapter> Write(ExperimentPlan plan, Workbench bench)
    {
        var chapters = ImmutableArray.CreateBuilder<Chapter>();
        if (plan.MlpPruning is { } pruning)
            chapters.Add(MlpPruningChapter.Write(pruning, bench));
        if (plan.Transfer is { } transfer)
            chapters.Add(TransferChapter.Write(transfer, bench));
        if (plan.Cnn is { } cnn)
            chapters.Add(CnnChapter.Write(cnn, bench));
        if (StoppingChapter.Write(plan, bench) is { } stopping)
            chapters.Add(stopping);
        if (plan.Initializations is { } initializations)
            chapters.Add(InitializationChapter.Write(initializations, bench));
        if (plan.Predictor is { } predictor)
            chapters.Add(PredictorChapter.Write(predictor, bench));
        if (plan.Controls is { } controls)
            chapters.Add(ControlsChapter.Write(controls, bench));
        if (plan.Ruggedness is { } ruggedness)
            chapters.Add(RuggednessChapter.Write(ruggedness, bench));
        return chapters.ToImmutable();
    }

    /// <summary>Machine, programs and time, in a sentence or two.</summary>
    public string Took => string.Create(
        CultureInfo.InvariantCulture,
        $"Machine: {Machine}. Programs: {string.Join(", ", Programs)}. The steps took {Seconds / 60:0} minutes of working "
        + $"time in all, each counted from its last interruption; {Jobs} were worked on at a time.");

    // Figures and tables of other experiments, or of another version, would pass for some of these.
    private static void RemoveOthers(string folder)
    {
        try
        {
            foreach (var path in Directory.GetFiles(Path.Combine(folder, "figures"), "*.svg")
                .Concat(Directory.GetFiles(Path.Combine(folder, "tables"), "*.csv")))
                File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"{folder}: an earlier report cannot be replaced ({e.Message}); remove its figures and tables", e);
        }
    }

    /// <summary>This machine, in words.</summary>
    public static string ThisMachine() =>
        string.Create(CultureInfo.InvariantCulture,
            $"{Processor()}, {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}");

    private static string Processor()
    {
        const string list = "/proc/cpuinfo";
        var line = File.Exists(list)
            ? File.ReadLines(list).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line is null
            ? RuntimeInformation.ProcessArchitecture.ToString()
            : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    /// <summary>
    /// Writes <c>report.html</c>, <c>reproduction.md</c>, <c>summary.json</c>, a CSV file for each table and an SVG file for each
    /// figure, each whole or not at all.
    /// </summary>
    /// <exception cref="UserException">A file cannot be written.</exception>
    public void Save(string folder)
    {
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "figures"));
            Directory.CreateDirectory(Path.Combine(folder, "tables"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{folder}: cannot be written ({e.Message}); name another folder with --out", e);
        }
        var drawings = Chapters.SelectMany(chapter => chapter.Figures)
            .ToDictionary(figure => figure.Id, figure => SvgFigure.Render(figure.Figure));
        RemoveOthers(folder);
        foreach (var (id, svg) in drawings)
            AtomicFile.WriteText(Path.Combine(folder, "figures", id + ".svg"), svg);
        foreach (var table in Chapters.SelectMany(chapter => chapter.Tables)
            .Concat([ClaimTables.Verdicts(Primaries), ClaimTables.Estimates(Chapters, Primaries), ClaimTables.Numbers(Chapters)]))
            AtomicFile.WriteText(Path.Combine(folder, "tables", table.Id + ".csv"), CsvTable.Render(table));
        AtomicFile.WriteText(Path.Combine(folder, "summary.json"), SummaryJson.Render(this));
        AtomicFile.WriteText(Path.Combine(folder, "reproduction.md"), MarkdownReport.Render(this));
        AtomicFile.WriteText(Path.Combine(folder, "report.html"), HtmlReport.Render(this));
    }
}

using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Analyzer.Comparison;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Reports.Html;
using Emergence.Analyzer.Series;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Cli;

/// <summary>
/// <c>emergence-analyze compare A B</c>: two models, series or results side by side; of more, seeds say, the median and spread.
/// </summary>
internal static class CompareCommand
{
    private const string Example = "emergence-analyze compare before.onnx after.onnx";

    public static CommandPage Create(Terminal terminal, AnalysisRunner analyze, Worker? worker)
    {
        var sides = new Argument<string[]>("A B")
        {
            HelpName = "A B",
            Description = "two of: an ONNX file, a directory or pattern of them (the last checkpoint is compared), " +
                "a results.json or its directory; of three or more, the median and spread at each step",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var options = new AnalyzeOptions(worker);
        var format = TypedOption.Choice(
            "--format", $"form of the answer on stdout [default: {ComparisonWriters.All[0].Format}]",
            [.. ComparisonWriters.All.Select(writer => (writer.Format, writer))]);
        var html = OutputOptions.HtmlFile("the comparison as one page with charts, which opens from disk");
        var quiet = TypedOption.Flag("--quiet", "no progress and no notes; warnings and errors stay");
        var command = new Command("compare", "Compare two models, two series or two results, layer by layer.") { sides };
        command.SetAction((parsed, token) => UserErrors.ReportAsync(terminal, async () =>
        {
            var names = parsed.GetValue(sides)!;
            if (names.Length < 2)
                throw new UsageException(
                    $"compare takes two models, directories or results.json files or more, not {names.Length}, as in: {Example}");
            var settings = options.ReadSettings(parsed);
            if (settings.Thresholds.Length != 1)
                throw new UsageException("compare shows one threshold; give one --threshold");
            var page = OutputOptions.FileToWrite(
                html.Name, parsed.GetValue(html), names.Select(Side.Find).SelectMany(side => side.Inputs));
            var request = new AnalysisRequest([], settings, options.ReadProbe(parsed)) { Boundary = options.ReadLimits(parsed) };
            var measure = new Measure(terminal, analyze, request, parsed.GetValue(quiet), token);
            var writer = parsed.GetValue(format) ?? ComparisonWriters.All[0];
            await AnswerAsync(names, measure, writer, page, terminal);
            await terminal.Output.FlushAsync(token);
            return measure.HasFailures ? ExitCode.Partial : ExitCode.Done;
        }, token));
        return CommandPage.Of(command, [.. options.GroupsOfMeasuring, new("Output", html, format, quiet)],
            [
                new(Example, "two models; also two directories, patterns or results.json"),
                new("emergence-analyze compare seed-0 seed-1 seed-2 --html compared.html",
                    "runs that differ in their seed: the median and spread at each step"),
            ],
            [
                .. ExitMeaning.Usual,
                new(ExitCode.Partial, "done in part: some checkpoints failed, each named; the rest is compared"),
                ExitMeaning.Canceled,
            ]);
    }

    private static async Task AnswerAsync(
        string[] names, Measure measure, ComparisonWriter writer, string? page, Terminal terminal)
    {
        // First what stays: stdout may be full or gone.
        if (names.Length == 2)
        {
            var comparison = await CompareAsync(names[0], names[1], measure);
            if (page is not null)
                AtomicFile.Write(page, stream => ComparisonPage.Write(comparison, stream));
            if (writer == ComparisonWriters.All[0])
                ComparisonTable.Write(comparison, terminal.Output, terminal.OutputWidth);
            else
                writer.Write(comparison, terminal.Output);
        }
        else
        {
            var comparison = await TogetherAsync(names, measure);
            if (page is not null)
                AtomicFile.Write(page, stream => RunsPage.Write(comparison, stream));
            RunsWriters.All[writer.Format](comparison, terminal.Output);
        }
    }

    private static async Task<ModelComparison> CompareAsync(string nameA, string nameB, Measure measure)
    {
        var (a, b) = (Side.Find(nameA), Side.Find(nameB));
        if (a.Files is [var one] && b.Files is [var other])
        {
            // One after the other, so that skip connections are known when the change of E is split.
            var both = await measure.OfAsync([one, other], isSeries: false);
            return both.Checkpoints is [var before, var after]
                ? ModelComparison.Of(new(nameA, [before], 0), new(nameB, [after], 0), areOneRun: true)
                : throw new UserException(
                    $"{nameA} and {nameB}: one of them could not be analyzed, as said above; nothing is compared");
        }
        var (seriesA, seriesB) = (await SeriesOfAsync(a, measure), await SeriesOfAsync(b, measure));
        ComparableSettings.Require(nameA, seriesA.Settings, nameB, seriesB.Settings);
        return ModelComparison.Of(SideOf(nameA, seriesA, measure.Threshold), SideOf(nameB, seriesB, measure.Threshold));
    }

    /// <summary>Three or more runs: each step with its median and spread.</summary>
    private static async Task<RunsComparison> TogetherAsync(string[] names, Measure measure)
    {
        var runs = ImmutableArray.CreateBuilder<ComparedSide>(names.Length);
        SeriesResult? first = null;
        foreach (var name in names)
        {
            var series = await SeriesOfAsync(Side.Find(name), measure);
            ComparableSettings.Require(names[0], (first ??= series).Settings, name, series.Settings);
            runs.Add(SideOf(name, series, measure.Threshold));
        }
        return RunsComparison.Of(runs.MoveToImmutable());
    }

    private static async Task<SeriesResult> SeriesOfAsync(Side side, Measure measure) =>
        side.Results is { } file ? ResultsReader.Read(file) : await measure.OfAsync(side.Files);

    private static ComparedSide SideOf(string name, SeriesResult series, float threshold) => series.Checkpoints.IsEmpty
        ? throw new UserException($"{name}: holds no checkpoint that was analyzed; nothing is compared")
        : new(name, series.Checkpoints, ComparableSettings.IndexOf(threshold, name, series.Settings));

    /// <summary>What a name means: a file of results, or models to measure.</summary>
    private sealed record Side(string? Results, ImmutableArray<string> Files)
    {
        public IEnumerable<string> Inputs => Results is null ? Files : Files.Add(Results);

        public static Side Find(string name)
        {
            if (File.Exists(name) && Path.GetExtension(name).Equals(".json", StringComparison.OrdinalIgnoreCase))
            {
                FileSet.Recover(Path.GetDirectoryName(Path.GetFullPath(name))!);
                return new(name, []);
            }
            var results = Path.Combine(name, "results.json");
            if (Directory.Exists(name))
                FileSet.Recover(name);
            return File.Exists(results) && !Directory.EnumerateFiles(name, "*.onnx").Any()
                ? new(results, [])
                : new(null, CheckpointFinder.Find([name]));
        }
    }

    /// <summary>Measures models as the default command does, and says what went wrong.</summary>
    private sealed class Measure(Terminal terminal, AnalysisRunner analyze, AnalysisRequest request, bool quiet,
        CancellationToken token)
    {
        public bool HasFailures { get; private set; }

        public float Threshold => request.Settings.Thresholds[0];

        public async Task<SeriesResult> OfAsync(ImmutableArray<string> files, bool isSeries = true)
        {
            using var progress = quiet ? null : new ProgressLine(terminal);
            // On another thread: Ctrl-C is listened to only once the action has returned its task.
            var outcome = await Task.Run(() =>
                analyze(request with { Checkpoints = files, IsSeries = isSeries }, progress, token), CancellationToken.None);
            Messages.WriteDiagnostics(terminal, outcome.Series.Checkpoints, quiet, verbose: false);
            Messages.WriteFailures(terminal, outcome.Failures);
            HasFailures |= !outcome.Failures.IsEmpty;
            return outcome.Series;
        }
    }
}

using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Native;
using Emergence.Trainer.Prediction;

namespace Emergence.Trainer.Cli;

/// <summary><c>emergence-train predictor</c>: the study of docs/preregistration.md.</summary>
internal static class PredictorCommand
{
    private static readonly Option<string> DataDir = TypedOption.Text(
        "--data-dir", "DIR", "folder with the data sets' files [default: a cache, downloaded on first use]");

    private static readonly Option<string> Rows = TypedOption.Text(
        "--rows", "FILE", "finished runs, a CSV row for each checkpoint: what it has is not done again");

    private static readonly Option<string> Report = TypedOption.Text(
        "--report", "FILE", "write what the rows say, as Markdown [default: standard output]");

    private static readonly Option<int> Limit =
        TypedOption.WholeNumber("--limit", "do at most N of the missing runs, 0 for the report alone [default: all]", 0);

    private static readonly Option<int> Jobs =
        TypedOption.WholeNumber("--jobs", "runs at a time; changes no number [default: one per core]", 1);

    private static readonly Option<string> Analyzer = TypedOption.Text(
        "--analyzer", "PATH", "the program emergence-analyze [default: beside this one, else on the PATH]");

    private static readonly Option<bool> Quiet = TypedOption.Flag("--quiet", "no progress");

    public static CommandPage Create(Terminal terminal)
    {
        var command = new Command("predictor",
            "Runs the study of docs/preregistration.md: does emergence early in training tell how a run ends, beyond the loss?");
        Rows.Required = true;
        command.SetAction((parsed, token) => Commands.ReportAsync(terminal, () => RunAsync(parsed, terminal, token), token));
        return CommandPage.Of(command,
            [new("Samples", DataDir), new("Runs", Rows, Limit, Jobs, Analyzer), new("Output", Report, Quiet)],
            [
                new("emergence-train predictor --rows docs/predictor/runs.csv --report docs/predictor/report.md",
                    "all runs that the file lacks, then the report"),
                new("emergence-train predictor --rows docs/predictor/runs.csv --limit 0", "only what the rows say"),
            ],
            [.. ExitMeaning.Usual, ExitMeaning.Canceled]);
    }

    private static async Task RunAsync(ParseResult parsed, Terminal terminal, CancellationToken token)
    {
        var path = parsed.GetRequiredValue(Rows);
        var limit = parsed.GetResult(Limit) is null ? (int?)null : parsed.GetValue(Limit);
        ImmutableArray<RunRow> rows;
        if (limit == 0)
        {
            rows = File.Exists(path) ? RunFile.Read(path)
                : throw new UsageException($"--rows {path}: does not exist; {MissingPath.Remedy(path)}");
        }
        else
        {
            var study = new StudyRun(parsed.GetValue(DataDir), await AnalyzerProgram.FindAsync(parsed.GetValue(Analyzer), token));
            TorchNative.EnsureLoaded();
            var jobs = parsed.GetResult(Jobs) is null ? Environment.ProcessorCount : parsed.GetValue(Jobs);
            rows = await Study.RunAsync(path, limit, jobs, study.RunAsync,
                line => { if (!parsed.GetValue(Quiet)) terminal.Error.WriteLine(line); }, token);
        }
        var report = PredictionReport.Render(rows);
        if (parsed.GetValue(Report) is not { } target)
        {
            terminal.WriteAnswer(report.TrimEnd('\n'));
            return;
        }
        AtomicFile.WriteText(target, report);
        terminal.WriteAnswer(string.Create(CultureInfo.InvariantCulture,
            $"{target}: {rows.Length / (Configuration.Epochs + 1)} of {Configuration.All.Length} runs"));
    }
}

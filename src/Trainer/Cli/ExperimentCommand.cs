using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Emergence.CommandLine;
using Emergence.Trainer.Experiments;
using Emergence.Trainer.Experiments.Report;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Native;

namespace Emergence.Trainer.Cli;

/// <summary><c>emergence-train experiment</c>: the paper's experiments, from data to figures.</summary>
internal static class ExperimentCommand
{
    public static CommandPage Create(Terminal terminal)
    {
        var command = new Command("experiment",
            "Runs experiments of the paper: trains, prunes, trains on, analyses, draws the figures and writes a report.");
        var options = new ExperimentOptions();
        command.Arguments.Add(options.Argument);
        command.SetAction((parsed, token) =>
            Commands.ReportAsync(terminal, () => RunAsync(options, parsed, terminal, token), token));
        return CommandPage.Of(command, options.Groups,
            [
                new("emergence-train experiment mlp-pruning --quick --out small", "to see it work: few samples and epochs"),
                new("emergence-train experiment all --data-dir data --out paper",
                    "all of the paper; what is finished stays finished"),
                new("emergence-train experiment all --data-dir data --out paper --shard auto",
                    "one task of a Slurm array; without --shard, the last job makes the report"),
            ],
            [.. ExitMeaning.Usual, ExitMeaning.Canceled]);
    }

    private static async Task RunAsync(ExperimentOptions options, ParseResult parsed, Terminal terminal, CancellationToken token)
    {
        var begin = Stopwatch.GetTimestamp();
        var (plan, shard) = (options.ReadPlan(parsed), options.ReadShard(parsed));
        var analyzer = await AnalyzerProgram.FindAsync(options.ReadAnalyzer(parsed), token);
        var data = ExperimentData.Read(plan, options.ReadDataDir(parsed), token);
        var bench = new Workbench(options.ReadOut(parsed), options.ReadDataDir(parsed), data.Hashes, analyzer);
        TorchNative.EnsureLoaded();
        var progress = new StepDisplay(terminal, options.ReadQuiet(parsed));
        double seconds;
        try
        {
            if (shard is not null)
            {
                var share = await StepRunner.RunShareAsync(plan.Steps, shard, bench, options.ReadJobs(parsed), progress, token);
                terminal.WriteAnswer(string.Create(CultureInfo.InvariantCulture,
                    $"{bench.Folder}: shard {shard} is done, {share.Steps} of {StepRunner.InOrder(plan.Steps).Length} steps, "
                    + $"{share.Seconds / 60:0.0} minutes of work; once all shards are, the same command without --shard makes "
                    + $"the report"));
                return;
            }
            seconds = await StepRunner.RunAsync(plan.Steps, bench, options.ReadJobs(parsed), progress, token);
        }
        finally
        {
            progress.Clear();
        }
        var remarks = RunRemarks.Of(plan, bench);
        foreach (var remark in remarks)
            terminal.WriteWarning(remark);
        new Reproduction(
            options.Describe(parsed), Reproduction.ThisMachine(), [Workbench.Trainer, bench.Analyzer.Version], seconds,
            options.ReadJobs(parsed),
            [.. data.Remarks, .. remarks], Reproduction.Write(plan, bench)).Save(bench.Folder);
        terminal.WriteAnswer(string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.Combine(bench.Folder, "report.html")}: {seconds / 60:0.0} minutes of work, in "
            + $"{Stopwatch.GetElapsedTime(begin).TotalMinutes:0.0} now"));
    }
}

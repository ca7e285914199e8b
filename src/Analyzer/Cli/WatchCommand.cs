using System.CommandLine;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Series;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary><c>emergence-analyze watch DIR</c>: analyzes checkpoints as training writes them, until the
/// verdict is reached.</summary>
internal static class WatchCommand
{
    private static readonly TimeSpan DefaultPause = TimeSpan.FromSeconds(2);

    /// <summary>The command.</summary>
    public static CommandPage Create(Terminal terminal, Worker? worker)
    {
        var folder = new Argument<string>("directory|glob")
        {
            HelpName = "DIR",
            Description = "the directory that training writes .onnx files into, or a pattern; it need not exist yet",
        };
        var until = TypedOption.Choice(
            "--until", $"verdict that ends the watch with 0 [default: {Spelling.Of(VerdictKind.Settled)}]",
            [.. WatchGoal.Offered.Select(kind => (Spelling.Of(kind), kind))]);
        var timeout = TypedOption.Duration(
            "--timeout", "end with 1 if the verdict is not reached within this time, in seconds or as in 8h [default: never]",
            TimeSpan.FromDays(365));
        var pause = TypedOption.Duration(
            "--every", $"time from one look at the directory to the next [default: {DefaultPause.TotalSeconds}]",
            TimeSpan.FromHours(1));
        var options = new AnalyzeOptions(worker);
        var command = new Command("watch", "Analyze checkpoints as training writes them, until the run has settled.") { folder };
        command.SetAction((parsed, token) => UserErrors.ReportAsync(terminal, () =>
        {
            var name = parsed.GetValue(folder)!;
            if (File.Exists(name))
                throw new UsageException($"{name}: is a file; name the directory that training writes into, or a pattern");
            var goal = new WatchGoal(
                parsed.Given(until, VerdictKind.Settled),
                parsed.GetResult(timeout) is null ? null : parsed.GetValue(timeout));
            var watch = new Watch(name, options.Read(parsed, []), goal, terminal)
            {
                Pause = parsed.Given(pause, DefaultPause),
            };
            // On another thread: Ctrl-C is listened to only once the action has returned its task.
            return Task.Run(() => watch.RunAsync(token), CancellationToken.None);
        }, token));
        return CommandPage.Of(command, options.GroupsOfWatching(new("Watch", until, timeout, pause)),
            [
                new("emergence-analyze watch runs/mlp --out results",
                    "a table that grows, and results/report.html, until E settles"),
                new("emergence-analyze watch runs/mlp --timeout 8h && kill $TRAINING",
                    "in a script: stops the training once it has settled; gives up after 8 hours"),
                new("emergence-analyze watch 'runs/mlp/step_*.onnx' --fail-on 'alive_share<0.3'",
                    "also ends, with 3, as soon as a gate trips"),
            ],
            [
                new(ExitCode.Done, "the verdict is reached"),
                new(ExitCode.Failed, "it was not reached within --timeout, or the watch could not go on"),
                new(ExitCode.Usage, "wrong usage"),
                new(ExitCode.Gate, "the run collapses or has diverged, or a condition of --fail-on holds"),
                new(ExitCode.Partial, "the verdict is reached, and some checkpoints could not be analyzed, each named"),
                ExitMeaning.Canceled,
            ]);
    }
}

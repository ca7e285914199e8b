using System.CommandLine;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Reduction;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary><c>emergence-analyze reduce model.onnx -- COMMAND</c>: the smallest model on which a command still fails.</summary>
internal static class ReduceCommand
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(1);

    /// <summary>The command.</summary>
    public static CommandPage Create(Terminal terminal, Worker? worker)
    {
        var model = new Argument<string>("model") { Description = "an ONNX file on which the command fails" };
        var words = new Argument<string[]>("command")
        {
            HelpName = "-- COMMAND",
            Description = "the command, behind --; {} in it is the model's file, which else is added at its end",
            Arity = ArgumentArity.OneOrMore,
        };
        var place = TypedOption.Text("--out", "FILE",
            "where the small model goes [default: MODEL.reduced.onnx in this directory]");
        var match = TypedOption.Text(
            "--match", "TEXT", "what the command must say, so that it is the same fault [default: its exit code alone tells]");
        var timeout = TypedOption.Duration(
            "--timeout", $"time that one run of the command may take; a longer one counts as a failure of its own "
            + $"[default: {DefaultTimeout.TotalSeconds}]", TimeSpan.FromDays(1));
        var quiet = TypedOption.Flag("--quiet", "no progress; warnings and errors stay");
        var command =
            new Command("reduce", "Cut a model down to the smallest one on which a command still fails.") { model, words };
        command.SetAction((parsed, token) => UserErrors.ReportAsync(terminal, () =>
        {
            var file = parsed.GetValue(model)!;
            var reduction = new Reduce(
                file, parsed.GetValue(place) ?? $"{Path.GetFileNameWithoutExtension(file)}.reduced.onnx", parsed.GetValue(match),
                new FailingCommand([.. parsed.GetValue(words)!],
                    parsed.Given(timeout, DefaultTimeout)),
                new Boundary(new RunLimits(), worker),
                terminal, parsed.Given(quiet, false));
            // On another thread: Ctrl-C is listened to only once the action has returned its task.
            return Task.Run(() => reduction.Run(token), CancellationToken.None);
        }, token));
        return CommandPage.Of(command, [new("Reduction", place, match, timeout, quiet)],
            [
                new("emergence-analyze reduce model.onnx -- emergence-analyze prune {} --amount 0.5 --out out.onnx",
                    "what we need of a model that cannot be pruned: its structure, without its weights and names"),
                new("emergence-analyze reduce model.onnx --match 'SIGFPE' -- emergence-analyze {} --timeout 10",
                    "only where the command still says that"),
                new("emergence-analyze reduce model.onnx -- python3 run.py", "any command that fails on a file"),
            ],
            [
                new(ExitCode.Done, "done: the command fails on the small model as on the given one"),
                new(ExitCode.Failed, "could not be done, such as where the command does not fail"),
                new(ExitCode.Usage, "wrong usage, a command that cannot be started included"),
                new(ExitCode.Canceled, "canceled; the smallest model by then is written"),
            ]);
    }
}

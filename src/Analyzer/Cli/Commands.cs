using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Emergence.Analyzer.Containment;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>The program as a shell sees it: arguments in, exit code out.</summary>
internal static class Commands
{
    // The runtime stops between two operators of a model, and one of them may take a while.
    private static readonly TimeSpan TimeToCancel = TimeSpan.FromSeconds(30);

    /// <summary>Runs the command that <paramref name="args"/> name.</summary>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, Terminal terminal, AnalysisRunner analyze, Worker? worker = null,
        CancellationToken token = default)
    {
        // No @file expansion: a path may start with @.
        var parsed = Create(terminal, analyze, worker).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            terminal.WriteError($"{parsed.Errors[0].Message.TrimEnd('.')}; see emergence-analyze --help");
            return ExitCode.Usage;
        }
        await using var output = terminal.OpenOutput();
        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = output,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeToCancel,
            },
            token);
    }

    /// <summary>The default command and its siblings: one file of this folder and one line here each.</summary>
    public static RootCommand Create(Terminal terminal, AnalysisRunner analyze, Worker? worker = null)
    {
        var root = new RootCommand(
            "Emergence of a neural network, measured on ONNX checkpoints: how many paths lead from dead nodes to alive ones.");
        AnalyzeCommand.Define(root, terminal, analyze, worker);
        root.Subcommands.Add(InspectCommand.Create(terminal, worker));
        root.Subcommands.Add(CompareCommand.Create(terminal, analyze, worker));
        root.Subcommands.Add(PruneCommand.Create(terminal, worker));
        root.Options.OfType<HelpOption>().Single().Action = new HelpWithExamples();
        return root;
    }

    private sealed class HelpWithExamples : SynchronousCommandLineAction
    {
        private readonly HelpAction help = new();

        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var result = help.Invoke(parseResult);
            if (parseResult.CommandResult.Command is RootCommand)
                parseResult.InvocationConfiguration.Output.Write(Examples.Text);
            return result;
        }
    }
}

using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Emergence.CommandLine;

/// <summary>A program's commands with their help, their completion and their way of saying what was wrong with a call.</summary>
public sealed class CommandTree
{
    // Between two looks at the token lies one operator of a model or one batch of a training, which may take a while.
    private static readonly TimeSpan TimeToCancel = TimeSpan.FromSeconds(30);

    // Of a stream that is no terminal: what fits most of them.
    private const int UsualWidth = 80;

    private readonly ImmutableArray<CommandPage> pages;
    private readonly Terminal terminal;

    /// <summary>A tree of a root and the commands below it; <c>completion</c> is added.</summary>
    /// <param name="terminal">What the program talks through.</param>
    /// <param name="program">The name that calls it.</param>
    /// <param name="root">What the program does without a command, if anything.</param>
    /// <param name="commands">In the order of help.</param>
    public CommandTree(Terminal terminal, string program, CommandPage root, params ImmutableArray<CommandPage> commands)
    {
        ArgumentNullException.ThrowIfNull(root);
        (this.terminal, Program, Root) = (terminal, program, (RootCommand)root.Command);
        Root.Options.Add(Color);
        pages = [root, .. commands, Completion.Page(this, terminal)];
        foreach (var page in pages[1..])
            Root.Subcommands.Add(page.Command);
        Root.Options.OfType<HelpOption>().Single().Action = new Help(this);
    }

    /// <summary>The name that calls the program.</summary>
    public string Program { get; }

    /// <summary>The command of the program itself.</summary>
    public RootCommand Root { get; }

    /// <summary><c>--color</c>, which every command takes.</summary>
    public Option Color { get; } = Paint.Option();

    /// <summary>All pages, the root's first.</summary>
    public ImmutableArray<CommandPage> Pages => pages;

    /// <summary>The words that call a command.</summary>
    public string PathOf(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return command == Root ? Program : $"{Program} {command.Name}";
    }

    /// <summary>The help of a command.</summary>
    public string HelpOf(Command command, int width) => HelpText.Of(
        pages.First(page => page.Command == command), PathOf(command),
        command == Root ? pages[1..].Select(page => page.Command) : [], Color, width);

    /// <summary>Runs the command that <paramref name="args"/> name.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(IReadOnlyList<string> args, CancellationToken token)
    {
        // No @file expansion: a path may start with @.
        var parsed = Root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is not Help && CallErrors.Of(parsed, args, this) is { } error)
        {
            var see = error.EndsWith('?') ? " See" : "; see";
            terminal.WriteError($"{error}{see} {PathOf(parsed.CommandResult.Command)} --help");
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

    private sealed class Help(CommandTree tree) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.Write(
                tree.HelpOf(parseResult.CommandResult.Command, tree.terminal.OutputWidth ?? UsualWidth));
            return ExitCode.Done;
        }
    }
}

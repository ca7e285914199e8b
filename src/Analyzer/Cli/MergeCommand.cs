using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Emergence.Analyzer.Sharding;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary><c>emergence-analyze merge DIR…</c>: what the shards of a series wrote, joined to what one run would have
/// written.</summary>
internal static class MergeCommand
{
    private const string Example = "emergence-analyze merge shards/* --out results";

    public static CommandPage Create(Terminal terminal)
    {
        var folders = new Argument<string[]>("DIR")
        {
            Description = "what --shard wrote with --out: such folders, or one that holds them; in any order, twice does no harm",
            HelpName = "DIR",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var (gates, output) = (new GateOptions(), new OutputOptions());
        var command = new Command("merge", "Join the shards of a series to what one run would have written, byte for byte.")
        {
            folders,
        };
        command.SetAction((parsed, token) => UserErrors.ReportAsync(terminal, () =>
        {
            var names = parsed.GetValue(folders)!;
            return names.Length == 0
                ? throw new UsageException($"no folder given; name those that the shards wrote, as in: {Example}")
                : RunAsync(names, parsed, gates, output.Read(parsed), terminal, token);
        }, token));
        return CommandPage.Of(command, [new("Gates", [.. gates.All]), new("Output", [.. output.All])],
            [
                new(Example, "what eight tasks of an array wrote, as one result"),
                new("emergence-analyze merge shards --fail-on 'verdict == collapsing'", "the same, as a step of a pipeline"),
            ],
            [
                ExitMeaning.Usual[0],
                new(ExitCode.Failed, "could not be done: shards are missing, or do not belong together"),
                ExitMeaning.Usual[2],
                new(ExitCode.Gate, "done, and a condition of --fail-on holds"),
                new(ExitCode.Partial, "done in part: some checkpoints failed in their shards, each named; the rest is written"),
                ExitMeaning.Canceled,
            ]);
    }

    private static async Task<int> RunAsync(
        string[] names, ParseResult parsed, GateOptions gates, OutputCall output, Terminal terminal, CancellationToken token)
    {
        // On another thread: Ctrl-C is listened to only once the action has returned its task.
        var parts = await Task.Run(
            () => ShardMerge.Join(ShardFolder.Find(names, terminal.WriteWarning), terminal.WriteWarning), CancellationToken.None);
        token.ThrowIfCancellationRequested();
        RequireOther(output.Out, parts);
        var merged = AnalysisOutcome.Of([.. parts.Select(part => part.Part)]);
        ImmutableArray<string> files = [.. parts.SelectMany(part => part.Part.Entries, (_, entry) => entry.File)];
        var call = gates.Read(parsed, new AnalysisRequest(files, merged.Series.Settings, new()));
        if (!output.Quiet)
            Say(call, parts, output.IsVerbose, terminal);
        Messages.WriteDiagnostics(terminal, merged.Series.Checkpoints, output.Quiet, output.IsVerbose);
        Messages.WriteFailures(terminal, merged.Failures);
        if (merged.Series.Checkpoints.IsEmpty)
            return ExitCode.Failed;
        using var set = output.Out is null ? null : FileSet.Open(output.Out);
        var outcome = call.Judge(merged);
        await AnswerFiles.WriteAsync(outcome, output, set, terminal, token);
        Messages.WriteGates(terminal, outcome);
        return AnalyzeCommand.CodeOf(outcome);
    }

    private static void Say(GateCall gates, ImmutableArray<FoundPart> parts, bool isVerbose, Terminal terminal)
    {
        foreach (var note in gates.Notes)
            terminal.WriteNote(note);
        foreach (var (place, part, _) in isVerbose ? parts : [])
        {
            terminal.WriteNote(string.Create(CultureInfo.InvariantCulture,
                $"{place}: shard {part.Shard}, {part.Entries.Length} checkpoints from number {part.Plan.First + 1} on, "
                + $"{part.Failures} failed"));
        }
    }

    /// <summary>The whole replaces what is in its folder: the part of a shard would be lost.</summary>
    private static void RequireOther(string? folder, ImmutableArray<FoundPart> parts)
    {
        if (folder is not null && parts.Any(part => Full(part.Place) == Full(folder)))
            throw new UsageException($"--out {folder}: is one of the shards; name another folder for the whole");

        static string Full(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
    }
}

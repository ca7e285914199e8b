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
            Description = "what --shard or --shard-samples wrote with --out: such folders, or one that holds them; in any "
                + "order, twice does no harm",
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
                : RunAsync(names, parsed, gates, output.Read(parsed, []), terminal, token);
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
        var whole = await Task.Run(() => Merge(names, terminal, token), CancellationToken.None);
        token.ThrowIfCancellationRequested();
        RequireOther(output.Out, whole.Places);
        var (merged, files) = (whole.Outcome, whole.Files);
        var call = gates.Read(parsed, new AnalysisRequest(files, merged.Series.Settings, new()));
        if (!output.Quiet)
        {
            foreach (var note in call.Notes.Concat(output.IsVerbose ? whole.Notes : []))
                terminal.WriteNote(note);
        }
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

    /// <summary>The whole, from parts of the series or from shares of the samples.</summary>
    private static Whole Merge(string[] names, Terminal terminal, CancellationToken token)
    {
        var isOfSamples = ShardFolder.Has(names, ShardKinds.Samples);
        if (isOfSamples && ShardFolder.Has(names, ShardKinds.Series))
        {
            throw new UserException($"{string.Join(", ", names)}: hold parts of a series (--shard) and shares of samples "
                + "(--shard-samples), which make no whole; name the folders of one of them");
        }
        if (isOfSamples)
        {
            var found = ShardFolder.Find(names, ShardKinds.Samples, terminal.WriteWarning);
            if (found.IsEmpty)
                throw new UserException("there is no share of samples that is whole; run the shards again");
            var samples = SampleMerge.Of(found, terminal.WriteWarning);
            return new Whole(SampleShareAnalysis.Measure(samples, token), samples.Files, [.. found.Select(each => each.Place)],
                [.. found.Select(each => string.Create(CultureInfo.InvariantCulture,
                    $"{each.Place}: share {each.Part.Shard} of the samples, {each.Part.Checkpoints.Length} checkpoints, "
                    + $"{each.Part.Failures} failed"))]);
        }
        var parts = ShardMerge.Join(ShardFolder.Find(names, ShardKinds.Series, terminal.WriteWarning), terminal.WriteWarning);
        return new Whole(
            AnalysisOutcome.Of([.. parts.Select(part => part.Part)]),
            [.. parts.SelectMany(part => part.Part.Entries, (_, entry) => entry.File)],
            [.. parts.Select(part => part.Place)],
            [.. parts.Select(part => string.Create(CultureInfo.InvariantCulture,
                $"{part.Place}: shard {part.Part.Shard}, {part.Part.Entries.Length} checkpoints from number "
                + $"{part.Part.Plan.First + 1} on, {part.Part.Failures} failed"))]);
    }

    /// <summary>What a merge gives.</summary>
    /// <param name="Outcome">As of one run.</param>
    /// <param name="Files">The checkpoints, in series order.</param>
    /// <param name="Places">The folders it is from.</param>
    /// <param name="Notes">What each of them holds.</param>
    private sealed record Whole(
        AnalysisOutcome Outcome, ImmutableArray<string> Files, ImmutableArray<string> Places, ImmutableArray<string> Notes);

    /// <summary>The whole replaces what is in its folder: the part of a shard would be lost.</summary>
    private static void RequireOther(string? folder, ImmutableArray<string> places)
    {
        if (folder is not null && places.Any(place => Full(place) == Full(folder)))
            throw new UsageException($"--out {folder}: is one of the shards; name another folder for the whole");

        static string Full(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
    }
}

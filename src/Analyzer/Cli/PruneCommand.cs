using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Analyzer.Pruning;
using Emergence.Analyzer.Reports;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Cli;

/// <summary><c>emergence-analyze prune</c>: writes pruned copies of checkpoints.</summary>
internal static class PruneCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("prune", "Prune checkpoints by magnitude: the smallest weights become zero, or whole nodes are removed.");
        var arguments = new PruneArguments();
        arguments.AddTo(command);
        command.SetAction((parsed, token) =>
            UserErrors.ReportAsync(terminal, () => Task.Run(() => Run(arguments.Read(parsed), terminal, token), CancellationToken.None), token));
        return command;
    }

    private static int Run(PruneCall call, Terminal terminal, CancellationToken token)
    {
        var reports = ImmutableArray.CreateBuilder<PruneReport>();
        var failed = 0;
        var said = new HashSet<Diagnostic>();
        foreach (var group in call.Files.GroupBy(file => file.Source))
        {
            try
            {
                var checkpoint = Checkpoint.Open(group.Key);
                foreach (var file in group)
                {
                    token.ThrowIfCancellationRequested();
                    var pruned = Pruner.Prune(checkpoint, call.Options with { Amount = file.Amount });
                    Save(pruned, checkpoint, file.Output);
                    reports.Add(PruneReport.Of(file.Source, file.Output, pruned));
                    foreach (var diagnostic in pruned.Diagnostics.Where(said.Add))
                        Say(terminal, $"{file.Source}: {diagnostic}", diagnostic.Severity, call.Quiet);
                }
            }
            catch (UserException e) when (e is not UsageException && call.Files.Length > 1)
            {
                terminal.WriteError(e.Message.Contains(Path.GetFileName(group.Key), StringComparison.Ordinal) ? e.Message : $"{group.Key}: {e.Message}");
                failed++;
            }
        }
        if (reports.Count == 0)
            return ExitCode.Failed;
        call.Format.Write(reports.ToImmutable(), terminal.Output);
        terminal.Output.Flush();
        return failed == 0 ? ExitCode.Done : ExitCode.Partial;
    }

    private static void Save(PrunedModel pruned, Checkpoint checkpoint, string output)
    {
        try
        {
            if (Path.GetDirectoryName(output) is { Length: > 0 } folder)
                Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"--out {output}: its directory cannot be created ({e.Message}); name another", e);
        }
        PrunedFile.Save(pruned.Model, checkpoint.Directory, output);
    }

    private static void Say(Terminal terminal, string text, Severity severity, bool quiet)
    {
        if (severity == Severity.Warning)
            terminal.WriteWarning(text);
        else if (!quiet)
            terminal.WriteNote(text);
    }
}

using System.CommandLine;
using System.Globalization;
using Emergence.Analyzer.Journal;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary><c>emergence-analyze cache show|prune DIR</c>: the folder of <c>--cache</c>.</summary>
internal static class CacheCommand
{
    private const string Show = "show", Prune = "prune";

    private static readonly string[] Actions = [Show, Prune];

    public static CommandPage Create(Terminal terminal)
    {
        var action = new Argument<string>("action")
        {
            Description = "show what is there, or prune: remove results",
            HelpName = string.Join('|', Actions),
        };
        action.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Actions.Contains(token.Value))
                result.AddError($"{token.Value}: expected {TypedOption.Listed(Actions)}");
        });
        var folder = new Argument<string>("DIR") { Description = "the folder of --cache", HelpName = "DIR" };
        var size = TypedOption.Bytes(
            "--size", "with prune: what may stay, as in 10G; what was not used for the longest time goes first");
        var unused = TypedOption.Duration(
            "--unused", "with prune: results that were not used for this time go, as in 30d", TimeSpan.FromDays(36_500));
        var command = new Command("cache", "Show or limit a folder of results that runs share with --cache.") { action, folder };
        command.SetAction((parsed, token) => UserErrors.ReportAsync(terminal, () =>
        {
            var place = parsed.GetRequiredValue(folder);
            if (!Directory.Exists(place))
                throw new UsageException($"{place}: no such directory; {MissingPath.Remedy(place)}");
            var (most, age) = (parsed.GetResult(size) is null ? null : (long?)parsed.GetValue(size),
                parsed.GetResult(unused) is null ? null : (TimeSpan?)parsed.GetValue(unused));
            if (parsed.GetRequiredValue(action) == Prune)
                Remove(place, most, age, terminal);
            else if (most is not null || age is not null)
                throw new UsageException("--size and --unused: say what cache prune removes; cache show removes nothing");
            Say(place, terminal);
            return Task.FromResult(ExitCode.Done);
        }, token));
        return CommandPage.Of(command, [new("Removal", size, unused)],
            [
                new("emergence-analyze cache show /shared/emergence", "how many results there are, and what they take"),
                new("emergence-analyze cache prune /shared/emergence --size 20G --unused 90d",
                    "removes what was not used for 90 days, and the least used beyond 20 GiB; runs may go on meanwhile"),
            ],
            [.. ExitMeaning.Usual]);
    }

    private static void Remove(string place, long? size, TimeSpan? unused, Terminal terminal)
    {
        if (size is null && unused is null)
            throw new UsageException("cache prune: give --size or --unused, so that it is clear what may stay");
        var removed = ResultCache.Prune(place, size, unused, DateTime.UtcNow);
        terminal.WriteAnswer(
            string.Create(CultureInfo.InvariantCulture, $"removed  {removed.Results} results, {Size(removed.Bytes)}"));
    }

    private static void Say(string place, Terminal terminal)
    {
        var content = ResultCache.Show(place);
        terminal.WriteAnswer(string.Create(CultureInfo.InvariantCulture, $"results  {content.Results}"));
        terminal.WriteAnswer(string.Create(CultureInfo.InvariantCulture, $"size     {Size(content.Bytes)}"));
        if (content.OldestUse is { } oldest)
            terminal.WriteAnswer(string.Create(CultureInfo.InvariantCulture, $"used     since {oldest:yyyy-MM-dd HH:mm} UTC"));
    }

    private static string Size(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.0} MiB");
}

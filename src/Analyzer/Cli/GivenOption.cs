using System.CommandLine;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Cli;

/// <summary>What a call gives of an option.</summary>
internal static class GivenOption
{
    /// <summary>The value, or another where the option is not given.</summary>
    public static T Given<T>(this ParseResult parsed, Option<T> option, T fallback) =>
        parsed.GetResult(option) is null ? fallback : parsed.GetValue(option)!;

    /// <summary>The path; null where the option is not given.</summary>
    /// <exception cref="UsageException">It names nothing.</exception>
    public static string? Existing(this ParseResult parsed, Option<string> option, Func<string, bool> exists, string kind) =>
        parsed.GetValue(option) is not { } path || exists(path)
            ? parsed.GetValue(option)
            : throw new UsageException($"{option.Name} {path}: no such {kind}; {MissingPath.Remedy(path)}");
}

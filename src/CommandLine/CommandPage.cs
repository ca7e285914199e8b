using System.Collections.Immutable;
using System.CommandLine;

namespace Emergence.CommandLine;

/// <summary>A command with what its help says beyond its options.</summary>
/// <param name="Command">The command, which has the options of all groups.</param>
/// <param name="Groups">Its options, in the order of help.</param>
/// <param name="Examples">Calls to copy.</param>
/// <param name="ExitCodes">What each exit code means.</param>
public sealed record CommandPage(
    Command Command, ImmutableArray<OptionGroup> Groups, ImmutableArray<Example> Examples, ImmutableArray<ExitMeaning> ExitCodes)
{
    /// <summary>A page of a command, to which the options of the groups are added.</summary>
    public static CommandPage Of(Command command, ImmutableArray<OptionGroup> groups, ImmutableArray<Example> examples,
        params ImmutableArray<ExitMeaning> exitCodes)
    {
        ArgumentNullException.ThrowIfNull(command);
        foreach (var option in groups.SelectMany(group => group.Options))
            command.Options.Add(option);
        return new CommandPage(command, groups, examples, exitCodes);
    }
}

/// <summary>Options that belong together.</summary>
/// <param name="Title">What they are about.</param>
/// <param name="Options">In the order of help.</param>
public sealed record OptionGroup(string Title, params ImmutableArray<Option> Options);

/// <summary>A call to copy.</summary>
/// <param name="Call">As it is typed.</param>
/// <param name="Meaning">What it does.</param>
public sealed record Example(string Call, string Meaning);

/// <summary>What an exit code means.</summary>
/// <param name="Code">The number.</param>
/// <param name="Meaning">In words.</param>
public sealed record ExitMeaning(int Code, string Meaning)
{
    /// <summary>What every command may end with.</summary>
    public static ImmutableArray<ExitMeaning> Usual { get; } =
    [
        new(ExitCode.Done, "done"),
        new(ExitCode.Failed, "could not be done"),
        new(ExitCode.Usage, "wrong usage, a path or pattern that matches nothing included"),
    ];

    /// <summary>The last of them.</summary>
    public static ExitMeaning Canceled { get; } = new(ExitCode.Canceled, "canceled");
}

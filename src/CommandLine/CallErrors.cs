using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using Emergence.Checkpoints;

namespace Emergence.CommandLine;

/// <summary>What is wrong with a call, in our words: the parser's own name no fix.</summary>
internal static class CallErrors
{
    /// <summary>The first fault, or null where there is none.</summary>
    public static string? Of(ParseResult parsed, IReadOnlyList<string> args, CommandTree tree)
    {
        var pages = tree.Pages;
        var command = parsed.CommandResult.Command;
        if (UnknownOption(parsed) is { } unknown)
            return $"{unknown}: no such option{NearestName.Question(unknown.Split('=', ':')[0], NamesOf(command))}"
                + Elsewhere(unknown, command, tree);
        if (ValueOfFlag(args, command) is { } fault)
            return fault;
        if (parsed.Errors.Count == 0)
            return null;
        return OptionFault(parsed.CommandResult)
            ?? (parsed.UnmatchedTokens is [var left, ..] ? LeftOver(left, command, pages) : null)
            ?? Missing(parsed, pages)
            // Ours start with the name of the option.
            ?? parsed.Errors[0].Message.TrimEnd('.');
    }

    /// <summary>
    /// The first word that starts as an option does and is none; a file of that name can be given as ./--name. After -- no word
    /// is an option.
    /// </summary>
    private static string? UnknownOption(ParseResult parsed)
    {
        var words = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(result => result.Tokens)
            .Select(token => token.Value).Concat(parsed.UnmatchedTokens).ToHashSet(StringComparer.Ordinal);
        return parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash).Select(token => token.Value)
            .FirstOrDefault(word => word.Length > 1 && word[0] == '-' && words.Contains(word) && !File.Exists(word));
    }

    // An option of another command was learned there.
    private static string Elsewhere(string option, Command command, CommandTree tree)
    {
        var owners = tree.Pages.Select(page => page.Command)
            .Where(other => other != command && other.Options.Any(known => known.Name == option))
            .Select(tree.PathOf).ToArray();
        return owners.Length == 0 || NearestName.Of(option, NamesOf(command)) is not null
            ? ""
            : $"; it belongs to {TypedOption.Listed(owners)}";
    }

    private static IEnumerable<string> NamesOf(Command command) =>
        command.Options.Where(option => !option.Hidden).SelectMany(option => option.Aliases.Prepend(option.Name))
            .Concat(["--color", "--help"]);

    // The parser takes the value for a word of its own.
    private static string? ValueOfFlag(IReadOnlyList<string> args, Command command)
    {
        foreach (var arg in args.TakeWhile(arg => arg != "--"))
        {
            if (arg.Split('=', 2) is [var name, var value]
                && command.Options.OfType<Option<bool>>().Any(flag => flag.Name == name) && !bool.TryParse(value, out _))
                return $"{name}: takes no value; leave out '={value}'";
        }
        return null;
    }

    private static string? OptionFault(CommandResult call)
    {
        foreach (var result in call.Children.OfType<OptionResult>().Where(result => !result.Implicit))
        {
            var (option, words) = (result.Option, result.Tokens);
            if (option.ValueType == typeof(bool))
                continue;
            if (words.Count == 0 && option.Arity.MinimumNumberOfValues > 0)
                return $"{option.Name}: its value is missing; give it as in {option.Name} {option.HelpName}";
            if (words.Count > option.Arity.MaximumNumberOfValues)
                return $"{option.Name}: is given {words.Count} times; give it once"
                    + (option.HelpName?.Contains("[,", StringComparison.Ordinal) == true ? ", with commas between values" : "");
        }
        return null;
    }

    private static string LeftOver(string word, Command command, ImmutableArray<CommandPage> pages)
    {
        if (command is RootCommand)
        {
            string[] names = [.. pages[1..].Select(page => page.Command.Name)];
            return $"{word}: no such command; expected {TypedOption.Listed(names)}{NearestName.Question(word, names)}";
        }
        return command.Arguments.Count == 0
            ? $"{word}: {command.Name} takes options only; leave it out, or name the option it is for"
            : $"{word}: is one word too many for {command.Name}; leave it out, or name the option it is for";
    }

    private static string? Missing(ParseResult parsed, ImmutableArray<CommandPage> pages)
    {
        var call = parsed.CommandResult;
        if (call.Command is RootCommand && call.Command.Action is null)
            return $"no command is given; expected {TypedOption.Listed(pages[1..].Select(page => page.Command.Name))}";
        if (call.Command.Arguments.FirstOrDefault(argument => argument.Arity.MinimumNumberOfValues > 0
            && (parsed.GetResult(argument)?.Tokens.Count ?? 0) == 0) is { } missing)
            return $"{missing.Name} is missing; give {missing.HelpName ?? missing.Description}";
        return call.Command.Options.FirstOrDefault(option =>
            option.Required && parsed.GetResult(option) is not { Tokens.Count: > 0 }) is { } required
            ? $"{required.Name}: is missing; give it as in {required.Name} {required.HelpName}"
            : null;
    }
}

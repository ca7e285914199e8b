using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Emergence.Checkpoints;

namespace Emergence.CommandLine;

/// <summary>At most this many; null: all.</summary>
/// <param name="Count">The number; null: all.</param>
// Not a bare int?: the parser cannot carry a null that was given.
public readonly record struct Limit(int? Count);

/// <summary>Options that read their text as a value of our domain and say in one line what was wrong with it.</summary>
public static class TypedOption
{
    /// <summary>A switch.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>The option with another name beside its own.</summary>
    public static Option<T> Also<T>(this Option<T> option, string name)
    {
        ArgumentNullException.ThrowIfNull(option);
        option.Aliases.Add(name);
        return option;
    }

    /// <summary>Any text that is not empty.</summary>
    public static Option<string> Text(string name, string placeholder, string description) =>
        Of(name, placeholder, description, NotEmpty);

    /// <summary>Any text that is not empty, given any number of times.</summary>
    public static Option<ImmutableArray<string>> Texts(string name, string placeholder, string description) =>
        new(name)
        {
            Description = description,
            HelpName = placeholder,
            Arity = ArgumentArity.OneOrMore,
            CustomParser = result =>
            {
                foreach (var token in result.Tokens)
                    Parse(result, name, token.Value, NotEmpty);
                return [.. result.Tokens.Select(token => token.Value)];
            },
        };

    /// <summary>Values given any number of times; <paramref name="read"/> throws <see cref="FormatException"/>.</summary>
    public static Option<ImmutableArray<T>> Each<T>(
        string name, string placeholder, string description, string[] completions, Func<string, T> read)
    {
        var option = new Option<ImmutableArray<T>>(name)
        {
            Description = description,
            HelpName = placeholder,
            Arity = ArgumentArity.OneOrMore,
            CustomParser = result => [.. result.Tokens.Select(token => Parse(result, name, token.Value, read)!)],
        };
        option.CompletionSources.Add(completions);
        return option;
    }

    /// <summary>One of several words.</summary>
    public static Option<T> Choice<T>(string name, string description, params (string Word, T Value)[] choices)
    {
        var words = choices.Select(choice => choice.Word).ToArray();
        var option = Of(name, string.Join('|', words), description, text =>
            Array.IndexOf(words, text) is var i and >= 0
                ? choices[i].Value
                : throw NoSuchWord(text, words));
        // An enumeration brings the names of its values, which are no words of ours.
        option.CompletionSources.Clear();
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>One value; <paramref name="read"/> throws <see cref="FormatException"/>.</summary>
    public static Option<T> Read<T>(
        string name, string placeholder, string description, string[] completions, Func<string, T> read)
    {
        var option = Of(name, placeholder, description, read);
        option.CompletionSources.Clear();
        option.CompletionSources.Add(completions);
        return option;
    }

    /// <summary>Any of several words, with commas between them.</summary>
    public static Option<ImmutableArray<string>> Words(string name, string description, params string[] words) =>
        List(name, $"{string.Join('|', words)}[,…]", description, text =>
            Array.IndexOf(words, text) >= 0 ? text : throw NoSuchWord(text, words));

    /// <summary>Several of some words, with commas between them, each once.</summary>
    public static Option<ImmutableArray<string>> Choices(string name, string placeholder, string description,
        IReadOnlyList<string> words)
    {
        var option = Of<ImmutableArray<string>>(name, placeholder, description, text =>
        {
            var parts = text.Split(',');
            foreach (var part in parts)
            {
                if (!words.Contains(part))
                    throw NoSuchWord(part, words);
            }
            return parts.Distinct().Count() == parts.Length ? [.. parts] : throw new FormatException($"'{text}' names one twice");
        });
        option.CompletionSources.Add([.. words]);
        return option;
    }

    /// <summary>The values of an enumeration, named in lower case.</summary>
    public static (string Word, T Value)[] WordsOf<T>() where T : struct, Enum =>
        [.. Enum.GetValues<T>().Select(value => (value.ToString().ToLowerInvariant(), value))];

    /// <summary>A whole number of at least <paramref name="minimum"/>; any, where that is the type's smallest.</summary>
    public static Option<T> WholeNumber<T>(string name, string description, T minimum)
        where T : IBinaryInteger<T>, IMinMaxValue<T> =>
        Of(name, "N", description, text => ReadInteger(text, minimum));

    /// <summary>Different whole numbers of at least <paramref name="minimum"/>, with commas between them.</summary>
    public static Option<ImmutableArray<T>> WholeNumbers<T>(string name, string description, T minimum)
        where T : IBinaryInteger<T>, IMinMaxValue<T> =>
        Of<ImmutableArray<T>>(name, "N[,N…]", description, text =>
        {
            ImmutableArray<T> values = [.. text.Split(',').Select(part => ReadInteger(part, minimum))];
            return values.Distinct().Count() == values.Length ? values : throw new FormatException($"'{text}' names one twice");
        });

    /// <summary>Whole numbers of at least 1 with commas between them, or the word <paramref name="none"/>
    /// for an empty list.</summary>
    public static Option<ImmutableArray<int>> WholeNumbersOr(string name, string placeholder, string none, string description) =>
        Of<ImmutableArray<int>>(name, placeholder, description, text =>
            text == none ? [] : [.. text.Split(',').Select(part => ReadInteger(part, 1))]);

    /// <summary>A whole number of at least 1, or the word <c>all</c>.</summary>
    public static Option<Limit> Limit(string name, string description) =>
        Of(name, "N|all", description, text => new Limit(text == "all" ? null : ReadInteger(text, 1, " or 'all'")));

    /// <summary>A number of bytes, with K, M, G or T behind it for powers of 1024; B or iB may follow.</summary>
    public static Option<long> Bytes(string name, string description) => Of(name, "SIZE", description, text =>
    {
        var size = text.ToUpperInvariant();
        size = size.EndsWith("IB", StringComparison.Ordinal) ? size[..^2] : size.EndsWith('B') ? size[..^1] : size;
        var power = size.Length == 0 ? -1 : "KMGT".IndexOf(size[^1], StringComparison.Ordinal) + 1;
        return WrittenNumber.TryReal<double>(power > 0 ? size[..^1] : size, out var number)
            && number * Math.Pow(1024, power) is >= 1 and < long.MaxValue and var bytes
            ? (long)bytes
            : throw new FormatException($"'{text}' is not a size in bytes, as in 512M or 4G");
    });

    /// <summary>A time above zero, in seconds; s, m or h behind it for seconds, minutes or hours.</summary>
    /// <param name="name">Of the option.</param>
    /// <param name="description">Of the option.</param>
    /// <param name="most">The longest time.</param>
    public static Option<TimeSpan> Duration(string name, string description, TimeSpan most) =>
        Of(name, "TIME", description, text => ReadTime(text, most));

    private static TimeSpan ReadTime(string text, TimeSpan most)
    {
        var unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 };
        return WrittenNumber.TryReal<double>(unit > 0 ? text[..^1] : text, out var number)
            && number * Math.Max(1, unit) is > 0 and var seconds && seconds <= most.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw new FormatException($"'{text}' is not a time above 0, as in 90 (seconds), 30m or 2h");
    }

    /// <summary>A finite number.</summary>
    public static Option<T> Number<T>(string name, string description, Func<T, bool> valid, string rule)
        where T : IFloatingPointIeee754<T> =>
        Of(name, "X", description, text => ReadNumber(text, valid, rule));

    /// <summary>Finite numbers with commas between them.</summary>
    public static Option<ImmutableArray<float>> Numbers(string name, string description, Func<float, bool> valid, string rule) =>
        Of<ImmutableArray<float>>(name, "X[,X…]", description,
            text => [.. text.Split(',').Select(part => ReadNumber(part, valid, rule))]);

    /// <summary>Values with commas between them; <paramref name="read"/> throws <see cref="FormatException"/>.</summary>
    public static Option<ImmutableArray<T>> List<T>(string name, string placeholder, string description, Func<string, T> read) =>
        Of<ImmutableArray<T>>(name, placeholder, description, text => [.. text.Split(',').Select(read)]);

    /// <summary>Sizes by name, given any number of times.</summary>
    public static Option<ImmutableDictionary<string, int>> Sizes(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "NAME=N",
            Arity = ArgumentArity.OneOrMore,
            CustomParser = result =>
            {
                var sizes = ImmutableDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
                foreach (var token in result.Tokens)
                {
                    if (Parse(result, name, token.Value, ReadSize) is not { Key.Length: > 0 } size)
                        break;
                    sizes[size.Key] = size.Value;
                }
                return sizes.ToImmutable();
            },
        };

    /// <summary>A number, in a list of such.</summary>
    /// <exception cref="FormatException">It is not finite, or breaks the rule.</exception>
    public static T ReadNumber<T>(string text, Func<T, bool> valid, string rule)
        where T : IFloatingPointIeee754<T> =>
        WrittenNumber.TryReal<T>(text, out var value) && valid(value)
            ? value
            : throw new FormatException($"'{text}' is not {rule}");

    /// <summary>An option of exactly one value, read by <paramref name="read"/>, which throws
    /// <see cref="FormatException"/>.</summary>
    private static Option<T> Of<T>(string name, string placeholder, string description, Func<string, T> read) =>
        new(name)
        {
            Description = description,
            HelpName = placeholder,
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result => Parse(result, name, result.Tokens[0].Value, read),
        };

    private static T? Parse<T>(ArgumentResult result, string name, string text, Func<string, T> read)
    {
        try
        {
            return read(text);
        }
        catch (FormatException e)
        {
            result.AddError($"{name}: {e.Message}");
            return default;
        }
    }

    private static string NotEmpty(string text) =>
        text.Length > 0 ? text : throw new FormatException("is empty; give a value or leave the option out");

    private static T ReadInteger<T>(string text, T minimum, string alternative = "")
        where T : IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (WrittenNumber.TryWhole<T>(text, out var value) && value >= minimum)
            return value;
        var rule = minimum == T.MinValue
            ? "a whole number"
            : string.Create(CultureInfo.InvariantCulture, $"a whole number of at least {minimum}");
        throw new FormatException($"'{text}' is not {rule}{alternative}");
    }

    private static KeyValuePair<string, int> ReadSize(string text)
    {
        var equals = text.LastIndexOf('=');
        return equals > 0
            ? new(text[..equals], ReadInteger(text[(equals + 1)..], 1))
            : throw new FormatException($"'{text}' is not of the form NAME=N, as in batch=1");
    }

    /// <summary>The error for a word that is not among those expected.</summary>
    // Of short words half the alphabet is near: cpu is not what gpu was meant to be.
    public static FormatException NoSuchWord(string text, IReadOnlyCollection<string> words) => new(
        $"'{text}': expected {Listed(words)}{(text.Length > 3 ? NearestName.Question(text, words) : "")}");

    /// <summary>Words as a choice: <c>a, b or c</c>.</summary>
    public static string Listed(IEnumerable<string> words) =>
        words.ToArray() is [.. var first, var last] && first.Length > 0
            ? $"{string.Join(", ", first)} or {last}"
            : string.Concat(words);
}

using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Emergence.Trainer.Cli;

/// <summary>Options that read their text as a value of our domain and say in one line what was wrong with it.</summary>
internal static class TypedOption
{
    /// <summary>Any text that is not empty.</summary>
    public static Option<string> Text(string name, string placeholder, string description) =>
        Of(name, placeholder, description, text => text.Length > 0 ? text : throw new FormatException("is empty; give a value or leave the option out"));

    /// <summary>One of several words.</summary>
    public static Option<T> Choice<T>(string name, string description, params (string Word, T Value)[] choices)
    {
        var words = choices.Select(choice => choice.Word).ToArray();
        var option = Of(name, string.Join('|', words), description, text =>
            Array.IndexOf(words, text) is var i and >= 0
                ? choices[i].Value
                : throw new FormatException($"'{text}' is none of {string.Join(", ", words)}"));
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>Several of some words, with commas between them, each once.</summary>
    public static Option<ImmutableArray<string>> Choices(string name, string placeholder, string description, IReadOnlyList<string> words)
    {
        var option = Of<ImmutableArray<string>>(name, placeholder, description, text =>
        {
            var parts = text.Split(',');
            foreach (var part in parts)
            {
                if (!words.Contains(part))
                    throw new FormatException($"'{part}' is none of {string.Join(", ", words)}");
            }
            return parts.Distinct().Count() == parts.Length ? [.. parts] : throw new FormatException($"'{text}' names one twice");
        });
        option.CompletionSources.Add([.. words]);
        return option;
    }

    /// <summary>The values of an enumeration, named in lower case.</summary>
    public static (string Word, T Value)[] Words<T>() where T : struct, Enum =>
        [.. Enum.GetValues<T>().Select(value => (value.ToString().ToLowerInvariant(), value))];

    /// <summary>A whole number of at least <paramref name="minimum"/>.</summary>
    public static Option<T> Integer<T>(string name, string description, T minimum)
        where T : IBinaryInteger<T> =>
        Of(name, "N", description, text => ReadInteger(text, minimum));

    /// <summary>Different whole numbers of at least <paramref name="minimum"/>, with commas between them.</summary>
    public static Option<ImmutableArray<T>> Integers<T>(string name, string description, T minimum)
        where T : IBinaryInteger<T> =>
        Of<ImmutableArray<T>>(name, "N[,N…]", description, text =>
        {
            ImmutableArray<T> values = [.. text.Split(',').Select(part => ReadInteger(part, minimum))];
            return values.Distinct().Count() == values.Length ? values : throw new FormatException($"'{text}' names one twice");
        });

    /// <summary>Whole numbers of at least 1 with commas between them, or the word <paramref name="none"/> for an empty list.</summary>
    public static Option<ImmutableArray<int>> IntegersOr(string name, string placeholder, string none, string description) =>
        Of<ImmutableArray<int>>(name, placeholder, description, text =>
            text == none ? [] : [.. text.Split(',').Select(part => ReadInteger(part, 1))]);

    /// <summary>A finite number.</summary>
    public static Option<T> Number<T>(string name, string description, Func<T, bool> valid, string rule)
        where T : IFloatingPointIeee754<T> =>
        Of(name, "X", description, text => ReadNumber(text, valid, rule));

    /// <summary>Finite numbers with commas between them.</summary>
    public static Option<ImmutableArray<float>> Numbers(string name, string description, Func<float, bool> valid, string rule) =>
        Of<ImmutableArray<float>>(name, "X[,X…]", description, text => [.. text.Split(',').Select(part => ReadNumber(part, valid, rule))]);

    /// <summary>An option of exactly one value, read by <paramref name="read"/>, which throws <see cref="FormatException"/>.</summary>
    private static Option<T> Of<T>(string name, string placeholder, string description, Func<string, T> read) =>
        new(name)
        {
            Description = description,
            HelpName = placeholder,
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result =>
            {
                try
                {
                    return read(result.Tokens[0].Value);
                }
                catch (FormatException e)
                {
                    result.AddError($"{name}: {e.Message}");
                    return default;
                }
            },
        };

    private static T ReadInteger<T>(string text, T minimum)
        where T : IBinaryInteger<T> =>
        T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= minimum
            ? value
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{text}' is not a whole number of at least {minimum}"));

    private static T ReadNumber<T>(string text, Func<T, bool> valid, string rule)
        where T : IFloatingPointIeee754<T> =>
        T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && T.IsFinite(value) && valid(value)
            ? value
            : throw new FormatException($"'{text}' is not {rule}");
}

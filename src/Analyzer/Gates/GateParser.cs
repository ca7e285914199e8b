using System.Collections.Immutable;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Gates;

/// <summary>
/// Reads a gate: <c>VALUE OPERATOR LIMIT</c>, where a value is <c>name</c>, <c>name.change</c> or <c>layer(PATTERN).name</c>. One
/// comparison each: several gates are several options. docs/gates.md has the grammar.
/// </summary>
internal sealed class GateParser
{
    private const string Numbers = "expected a number, such as 0.6, 50%, 1/255, 10k or 1e30";
    private static readonly ImmutableArray<string> Operators = ["==", "!=", "<=", ">=", "<", ">"];

    private readonly string text;
    private int position;

    private GateParser(string text) => this.text = text;

    /// <summary>Reads one gate.</summary>
    /// <exception cref="GateSyntaxException">It cannot be read.</exception>
    public static Gate Parse(string text)
    {
        var parser = new GateParser(text);
        var gate = parser.ReadGate();
        parser.SkipSpace();
        return parser.position == text.Length
            ? gate
            : throw parser.Error("unexpected text; one comparison per --fail-on, repeat the option for several");
    }

    private Gate ReadGate()
    {
        SkipSpace();
        var start = position;
        var name = ReadName("expected the name of a value, as in 'alive_share < 0.6'");
        if (name == "layer")
            return ReadNumberGate(GateNumbers.OfLayer, ReadPattern());
        if (GateWords.All.FirstOrDefault(word => word.Name == name) is { } word)
            return ReadWordGate(word);
        position = start;
        return ReadNumberGate(GateNumbers.OfNetwork, null);
    }

    private NumberGate ReadNumberGate(ImmutableArray<GateNumber> numbers, Glob? layers)
    {
        var start = position;
        var name = ReadName("expected the name of a value");
        if (numbers.FirstOrDefault(number => number.Name == name) is not { } number)
            throw Unknown(start, name, numbers, layers);
        var isChange = ReadChange(name);
        var comparison = ReadOperator(Operators);
        SkipSpace();
        start = position;
        if (Exact.Read(text, position) is not var (limit, length, isPercentage) || !EndsAt(position + length))
            throw Error(Numbers);
        position += length;
        RequireFits(number, isChange, limit, isPercentage, start);
        return new NumberGate
        {
            Expression = text,
            Number = number,
            Layers = layers,
            IsChange = isChange,
            Operator = comparison,
            Limit = limit,
        };
    }

    private WordGate ReadWordGate(GateWord word)
    {
        if (position < text.Length && text[position] == '.')
            throw Error($"'{word.Name}' is a word and has no change; compare it with == or !=");
        var comparison = ReadOperator(["==", "!="]);
        SkipSpace();
        var start = position;
        var expected = ReadName($"expected one of {string.Join(", ", word.Choices)}").Replace('-', '_');
        return word.Choices.Contains(expected)
            ? new WordGate { Expression = text, Word = word, IsEqual = comparison == "==", Expected = expected }
            : throw Error(start, $"unknown word '{expected}' for {word.Name}{NameAdvice.For(expected, word.Choices)}");
    }

    /// <summary>A limit that a person cannot have meant would never trip, and pass for green.</summary>
    private void RequireFits(GateNumber number, bool isChange, Exact limit, bool isPercentage, int start)
    {
        var isShare = number.Unit == GateUnit.Share;
        if (isPercentage && isShare && isChange)
            throw Error(start, $"the change of {number.Name} is in points; leave the % out");
        if (isPercentage && number.Unit == GateUnit.Number)
            throw Error(start, $"{number.Name} is no share, so a percentage does not fit it; give a number");
        if (isShare && !isChange && (limit.Numerator.Sign < 0 || limit.CompareTo(new Exact(1)) > 0))
            throw Error(start, $"{number.Name} is a share from 0 to 1; write 0.9 or 90% for nine tenths");
    }

    private bool ReadChange(string name)
    {
        if (position == text.Length || text[position] != '.')
            return false;
        position++;
        var start = position;
        var member = ReadName("expected 'change'");
        return member == "change" ? true : throw Error(start, $"{name} has no '{member}'; expected 'change'");
    }

    private Glob ReadPattern()
    {
        if (position == text.Length || text[position] != '(')
            throw Error("expected a pattern of layer names in parentheses, as in layer(conv2).alive_share");
        var (start, depth) = (position, 0);
        do
        {
            depth += text[position] switch { '(' => 1, ')' => -1, _ => 0 };
            position++;
        }
        while (depth > 0 && position < text.Length);
        if (depth > 0)
            throw Error(start, "the parenthesis is not closed; write layer(PATTERN)");
        var pattern = text[(start + 1)..(position - 1)].Trim();
        if (pattern.Length == 0)
            throw Error(start + 1, "the pattern is empty; write layer(*) for any layer");
        if (position == text.Length || text[position] != '.')
            throw Error("expected '.' and the name of a value, as in layer(conv2).alive_share");
        position++;
        return Compiled(pattern, start + 1);
    }

    private Glob Compiled(string pattern, int start)
    {
        try
        {
            return new Glob(pattern);
        }
        catch (UsageException e)
        {
            throw Error(start, e.Message);
        }
    }

    private string ReadOperator(ImmutableArray<string> operators)
    {
        SkipSpace();
        var found = Operators.FirstOrDefault(candidate => text.AsSpan(position).StartsWith(candidate, StringComparison.Ordinal));
        if (found is null || !operators.Contains(found))
            throw Error($"expected one of {string.Join(", ", operators)}");
        position += found.Length;
        return found;
    }

    private string ReadName(string expected)
    {
        var start = position;
        while (position < text.Length && (char.IsAsciiLetterOrDigit(text[position]) || text[position] is '_' or '-'))
            position++;
        return position > start && char.IsAsciiLetter(text[start]) ? text[start..position] : throw Error(start, expected);
    }

    private GateSyntaxException Unknown(int start, string name, ImmutableArray<GateNumber> numbers, Glob? layers)
    {
        var other = layers is null ? GateNumbers.OfLayer : GateNumbers.OfNetwork;
        if (other.Any(number => number.Name == name))
        {
            return Error(start, layers is null
                ? $"'{name}' is a value of a layer; write layer(PATTERN).{name}"
                : $"'{name}' is a value of the network; write it without layer(…)");
        }
        if (layers is not null && GateWords.All.Any(word => word.Name == name))
            return Error(start, $"'{name}' is a value of the series; write it without layer(…)");
        var names = numbers.Select(number => number.Name).Concat(layers is null ? GateWords.All.Select(word => word.Name) : []);
        return Error(start, $"unknown value '{name}'{NameAdvice.For(name, names)}");
    }

    private void SkipSpace()
    {
        while (position < text.Length && char.IsWhiteSpace(text[position]))
            position++;
    }

    private bool EndsAt(int end) => end == text.Length || char.IsWhiteSpace(text[end]);

    private GateSyntaxException Error(string finding) => Error(position, finding);

    private GateSyntaxException Error(int at, string finding) => new(text, at, finding);
}

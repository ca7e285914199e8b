using System.Text;
using Emergence.Analyzer.Gates;

namespace Emergence.Analyzer.Tests.Fuzzing;

/// <summary>Makes up gates for <c>--fail-on</c>: from the grammar's pieces, some with characters changed.</summary>
internal static class GateGrammar
{
    private static readonly string[] Names =
        [.. GateNumbers.OfNetwork.Concat(GateNumbers.OfLayer).Select(number => number.Name),
            .. GateWords.All.Select(word => word.Name), "emergense", "", "layer", "Ẽ"];
    private static readonly string[] Patterns = ["fc1", "*", "conv[12]", "a(b)", "[9-0]", "[", "]", "(", "?", "", "\\", "**"];
    private static readonly string[] Operators = ["==", "!=", "<=", ">=", "<", ">", "=", "=<", ""];
    private static readonly string[] Limits =
    [
        "0", "-1", "0.6", "50%", "1/255", "1/0", "10k", "1e30", "1e999999999", "-1e-999999999", ".5", "NaN", "∞", "settled",
        "all_dead", "9999999999999999999999999999999999999999", "1/3%", "--1", "", "0x10",
    ];
    private const string Stray = " .()<>=!%/*[]-+eEk0\"'\n\t\0\uD800é";

    public static string Draw(int seed)
    {
        var random = new Random(seed);
        var text = new StringBuilder(Pick(["", " ", "\t"]));
        if (random.Next(3) == 0)
            text.Append("layer(").Append(Pick(Patterns)).Append(").");
        text.Append(Pick(Names)).Append(Pick(["", ".change", ".", ".chang"])).Append(Pick(["", " "])).Append(Pick(Operators))
            .Append(Pick(["", " "])).Append(Pick(Limits)).Append(Pick(["", "", "", " ", " && emergence > 0"]));
        for (var changes = random.Next(3); changes > 0 && text.Length > 0; changes--)
        {
            var at = random.Next(text.Length);
            if (random.Next(2) == 0)
                text[at] = Stray[random.Next(Stray.Length)];
            else
                text.Remove(at, 1);
        }
        return text.ToString();

        string Pick(string[] choices) => choices[random.Next(choices.Length)];
    }

    /// <summary>Reads a gate, and judges what can be read on a made-up series.</summary>
    /// <returns>Whether it could be read.</returns>
    public static bool Try(string text)
    {
        Gate gate;
        try
        {
            gate = GateParser.Parse(text);
        }
        catch (GateSyntaxException e)
        {
            Assert.InRange(e.Position, 0, text.Length);
            Assert.Equal(text, e.Expression);
            Assert.DoesNotContain('\n', e.Message);
            return false;
        }
        foreach (var outcome in (AnalysisOutcome[])[Reports.SampleOutcome.Plain, Reports.SampleOutcome.Odd])
        {
            foreach (var result in new GateJudge(outcome.Series, null).Judge([gate]))
            {
                foreach (var finding in result.Findings)
                    Assert.False(string.IsNullOrWhiteSpace(finding.Value), text);
            }
        }
        return true;
    }
}

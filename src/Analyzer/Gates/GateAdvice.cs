using Emergence.Checkpoints;

namespace Emergence.Analyzer.Gates;

/// <summary>What to write instead of a name that a gate does not know.</summary>
internal static class GateAdvice
{
    // A network may have hundreds of layers.
    private const int MostNames = 40;

    /// <summary><c>; did you mean 'x'?</c>, or the list of names where none is near.</summary>
    public static string For(string name, IEnumerable<string> names)
    {
        string[] all = [.. names];
        var question = NearestName.Question(name, all);
        return question.Length > 0 ? question
            : $"; expected one of {string.Join(", ", all.Take(MostNames))}"
                + (all.Length > MostNames ? FormattableString.Invariant($" and {all.Length - MostNames} more") : "");
    }
}

using System.Text;

namespace Emergence.Analyzer.Reports;

/// <summary>Sentences in lines that a terminal of 80 columns holds.</summary>
internal static class WrappedText
{
    private const int Width = 80;

    /// <summary>Which columns a table lost, and which format has them; empty where it lost none.</summary>
    public static string LeftOut(IReadOnlyCollection<string> columns, string format, string indent = "  ") =>
        columns.Count == 0 ? ""
        : Of($"left out for the width: {string.Join(", ", columns)}; --format {format} has them", indent: indent);

    /// <summary>
    /// Breaks a sentence between words; lines after the first are indented. A word longer than a line keeps its line.
    /// </summary>
    /// <param name="sentence">The sentence.</param>
    /// <param name="first">What the first line begins with.</param>
    /// <param name="indent">What the others begin with.</param>
    public static string Of(string sentence, string first = "", string indent = "  ")
    {
        var (text, line, isEmpty) = (new StringBuilder(), new StringBuilder(first), true);
        foreach (var word in sentence.Split(' '))
        {
            if (!isEmpty && line.Length + 1 + word.Length > Width)
            {
                text.Append(line).Append('\n');
                (line, isEmpty) = (new StringBuilder(indent), true);
            }
            line.Append(isEmpty ? "" : " ").Append(word);
            isEmpty = false;
        }
        return text.Append(line).Append('\n').ToString();
    }
}

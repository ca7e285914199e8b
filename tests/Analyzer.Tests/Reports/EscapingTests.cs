using System.Text;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Reports.Inspection;
using Emergence.Analyzer.Tests.Graphs;
using Emergence.CommandLine;
using Emergence.Tracing;

namespace Emergence.Analyzer.Tests.Reports;

/// <summary>Names come from foreign files: one escaper for each medium.</summary>
public class EscapingTests
{
    [Theory]
    [InlineData("größe 大 😀", "größe 大 😀")]
    [InlineData("a\u001b[2J", "a�[2J")]
    [InlineData("a\r\nb\tc\0", "a��b�c�")]
    [InlineData("\u202etxt.exe\u2066\u200f", "�txt.exe��")]
    [InlineData("\u0085\u009b31m\u2028", "��31m�")]
    public void what_a_terminal_obeys_is_replaced(string name, string shown) => Assert.Equal(shown, Printable.Of(name));

    [Theory]
    [InlineData("fc1", "fc1")]
    [InlineData("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0")]
    [InlineData("+a", "'+a")]
    [InlineData("-a", "'-a")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData(" =1+1", "' =1+1")]
    [InlineData("\t=1", "�=1")]
    [InlineData("-1.5e3", "-1.5e3")]
    public void a_cell_is_no_formula(string name, string cell) => Assert.Equal(cell, CsvDialect.Name(name));

    [Fact]
    public void a_name_stays_within_its_string()
    {
        var name = "a\"];\n x -> y; \\";
        var graph = LayerSelectionTests.Graph([name]);
        var inspection = new LayerInspection("m.onnx", 1, "", 8, "", ["ai.onnx:13"], graph, 1, 1);
        Assert.Contains("[label=\"a\\\"];� x -> y; \\\\\\n", Written(InspectionDot.Write), StringComparison.Ordinal);
        Assert.Contains("[\"a&quot;];� x -&gt; y; \\<br/>", Written(InspectionMermaid.Write), StringComparison.Ordinal);

        string Written(Action<LayerInspection, Stream> write)
        {
            using var stream = new MemoryStream();
            write(inspection, stream);
            return Encoding.UTF8.GetString(stream.ToArray());
        }
    }
}

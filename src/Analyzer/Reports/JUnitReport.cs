using System.Globalization;
using System.Text;
using System.Xml;
using Emergence.Analyzer.Gates;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Reports;

/// <summary>JUnit's XML, as test reports of CI servers read it: a test case for each checkpoint, and one for each gate.</summary>
internal static class JUnitReport
{
    private static readonly XmlWriterSettings Settings = new()
    {
        Indent = true,
        NewLineChars = "\n",
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
    };

    public static void Write(AnalysisOutcome outcome, Stream stream)
    {
        var (done, failed) = (outcome.Series.Checkpoints, outcome.Failures);
        var (gates, errors) = (outcome.Gates, outcome.Gates.Count(gate => gate.Problem is not null));
        var tripped = gates.Count(IsFailure);
        using (var xml = XmlWriter.Create(stream, Settings))
        {
            Start(xml, "testsuites", "emergence-analyze",
                done.Length + failed.Length + gates.Length, tripped, failed.Length + errors);
            Start(xml, "testsuite", "checkpoints", done.Length + failed.Length, 0, failed.Length);
            foreach (var checkpoint in done)
            {
                StartCase(xml, "checkpoints", checkpoint.File);
                xml.WriteEndElement();
            }
            foreach (var failure in failed)
            {
                StartCase(xml, "checkpoints", failure.File);
                Finding(xml, "error", "failed", failure.Message);
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
            Start(xml, "testsuite", "gates", gates.Length, tripped, errors);
            foreach (var gate in gates)
                Write(xml, gate, outcome.Series.Settings.Thresholds.Length > 1);
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        stream.WriteByte((byte)'\n');
    }

    private static void Write(XmlWriter xml, GateResult gate, bool namesThreshold)
    {
        StartCase(xml, "gates", gate.Expression + (namesThreshold ? $" (θ = {NumberText.Exact(gate.Threshold)})" : ""));
        if (gate.Problem is { } problem)
            Finding(xml, "error", "unknown", $"{gate.File}: {problem}");
        else if (gate.IsTripped)
            Finding(xml, "failure", "gate", $"{gate.File}: {string.Join("; ", gate.Reasons)}");
        xml.WriteEndElement();
    }

    // One case has one outcome: what cannot be judged is an error, whatever else it says.
    private static bool IsFailure(GateResult gate) => gate.Problem is null && gate.IsTripped;

    private static void Start(XmlWriter xml, string element, string name, int tests, int failures, int errors)
    {
        xml.WriteStartElement(element);
        xml.WriteAttributeString("name", name);
        xml.WriteAttributeString("tests", tests.ToString(CultureInfo.InvariantCulture));
        xml.WriteAttributeString("failures", failures.ToString(CultureInfo.InvariantCulture));
        xml.WriteAttributeString("errors", errors.ToString(CultureInfo.InvariantCulture));
        if (element == "testsuite")
            xml.WriteAttributeString("skipped", "0");
    }

    private static void StartCase(XmlWriter xml, string suite, string name)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", $"emergence-analyze.{suite}");
        xml.WriteAttributeString("name", Text(name));
    }

    private static void Finding(XmlWriter xml, string element, string type, string message)
    {
        xml.WriteStartElement(element);
        xml.WriteAttributeString("type", type);
        xml.WriteAttributeString("message", Text(message));
        xml.WriteString(Text(message));
        xml.WriteEndElement();
    }

    // XML has no way to write some characters that a foreign name may hold.
    private static string Text(string text) =>
        string.Concat(Printable.Of(text).EnumerateRunes().Select(rune =>
            rune.Value is 0xFFFE or 0xFFFF ? "\uFFFD" : rune.ToString()));
}

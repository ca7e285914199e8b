using System.Globalization;
using System.Text;
using Emergence.Analyzer.Landscapes;
using Emergence.CommandLine;
using Emergence.Measuring.Losses;

namespace Emergence.Analyzer.Reports.Landscapes;

/// <summary>What landscapes come to, for people.</summary>
internal static class LandscapeTable
{
    public static void Write(LandscapeOutcome outcome, Stream stream)
    {
        var text = new StringBuilder();
        foreach (var landscape in outcome.Landscapes)
            Append(text, outcome.Request, landscape);
        stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static void Append(StringBuilder text, LandscapeRequest request, Landscape landscape)
    {
        if (text.Length > 0)
            text.Append('\n');
        var accuracy = landscape.Center.Accuracy is { } share ? $", accuracy {NumberText.Percent(share)}" : "";
        text.Append(WrappedText.Of(string.Create(CultureInfo.InvariantCulture,
            $"{Printable.Of(Title(landscape))}: loss {Plain(landscape.Center.Loss)}{accuracy} "
            + $"({LossWords.Of(request.Loss.Kind)} from "
            + $"{LossWords.Of(landscape.Form)}, {landscape.Probe.Samples:N0} samples, {landscape.Parameters:N0} parameters)")));
        text.Append('\n');
        var table = new TextTable();
        var numbers = landscape.Numbers;
        table.AddText("number", numbers.Select(number => number.Name.Replace('_', ' ')));
        table.AddNumbers("value", numbers.Select(number => Plain(number.Value)));
        table.AddNumbers("from", numbers.Select(number => Plain(number.Low)));
        table.AddNumbers("to", numbers.Select(number => Plain(number.High)));
        text.Append(table.Write());
        foreach (var number in numbers.Where(number => number.Value is null && number.Reason is not null))
            text.Append('\n').Append(WrappedText.Of($"{number.Name.Replace('_', ' ')}: {number.Reason}"));
    }

    private static string Title(Landscape landscape) =>
        landscape.Other is { } other ? $"{landscape.File} to {other}" : landscape.File;

    private static string Plain(double? value) => value is { } number && double.IsFinite(number)
        ? number.ToString(number != 0 && Math.Abs(number) is < 1e-3 or >= 1e6 ? "0.####e+0" : "0.#####",
            CultureInfo.InvariantCulture)
        : value is null ? "" : "not finite";
}

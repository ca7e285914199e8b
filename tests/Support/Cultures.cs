using System.Globalization;

namespace Emergence.Testing;

/// <summary>
/// Cultures that spell numbers unlike ours. The programs and these tests run under InvariantGlobalization, where no culture
/// data exist; what matters of them is set by hand, which is what a host that has the data would give.
/// </summary>
internal static class Cultures
{
    public static TheoryData<string> Names => ["invariant", "de-DE", "tr-TR"];

    public static void Run(string name, Action action)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = Make(name);
        try
        {
            action();
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static CultureInfo Make(string name)
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        if (name == "invariant")
            return culture;
        var numbers = culture.NumberFormat;
        (numbers.NumberDecimalSeparator, numbers.NumberGroupSeparator) = (",", ".");
        (numbers.PercentDecimalSeparator, numbers.PercentGroupSeparator) = (",", ".");
        numbers.NegativeSign = "\u2212";
        numbers.NaNSymbol = "NaN!";
        culture.TextInfo.ListSeparator = ";";
        // Turkish writes %12, and has a negative sign of its own here so that the two differ.
        if (name == "tr-TR")
            (numbers.PercentPositivePattern, numbers.NegativeSign) = (2, "~");
        return culture;
    }
}

using System.Globalization;
using System.Runtime.CompilerServices;

namespace Emergence.Analyzer.Containment;

/// <summary>How many files the program may hold open.</summary>
internal static class FileHandles
{
    // .NET holds two for each of its libraries, 47 in a worker; then pipes, the runtime's and the model's files. Compiled ahead
    // of time there are no such libraries, and a worker holds 19.
    private static readonly int Needed = RuntimeFeature.IsDynamicCodeSupported ? 128 : 48;
    private const string Limits = "/proc/self/limits";

    /// <summary>
    /// What there is to say where they are too few; null where they suffice or the system does not tell. It is said before
    /// anything else is loaded: without handles, whatever fails fails without a word.
    /// </summary>
    public static string? Shortage()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists(Limits))
            return null;
        // Text, not bytes: searching these takes another library, and with it a handle.
        var text = File.ReadAllText(Limits);
        const string Name = "Max open files";
        var at = text.IndexOf(Name, StringComparison.Ordinal) + Name.Length;
        while (text[at] == ' ')
            at++;
        // Where there is no limit, it says so in a word.
        if (!char.IsAsciiDigit(text[at]))
            return null;
        var limit = 0L;
        for (; char.IsAsciiDigit(text[at]); at++)
            limit = (limit * 10) + text[at] - '0';
        return limit < Needed ? Say(limit) : null;
    }

    private static string Say(long limit) => string.Create(CultureInfo.InvariantCulture,
        $"{limit} open files are allowed, and {Needed} are needed; allow them, as with ulimit -n {Needed}");
}

using System.Globalization;

namespace Emergence.Analyzer.Containment;

/// <summary>Why a worker was ended.</summary>
/// <param name="File">The guilty checkpoint; null where it is not certain which one is.</param>
/// <param name="Why">The reason.</param>
internal sealed record WorkerEnd(string? File, string Why)
{
    /// <summary>What an exit code says of how a process died that nobody ended.</summary>
    /// <param name="code">The code.</param>
    /// <param name="lastWords">The last line it said; empty if it said nothing.</param>
    public static string Cause(int code, string lastWords)
    {
        var cause = code switch
        {
            128 + 4 => "an instruction that the processor does not know (SIGILL)",
            128 + 6 => "it gave up (SIGABRT)",
            128 + 7 => "an access to memory that is not there (SIGBUS)",
            128 + 8 => "a division by zero or an overflow in integers (SIGFPE)",
            128 + 9 => "killed from outside, perhaps for want of memory (SIGKILL)",
            128 + 11 => "an access to memory that is not its own (SIGSEGV)",
            _ => string.Create(CultureInfo.InvariantCulture, $"exit code {code}"),
        };
        return lastWords.Length > 0 ? $"{cause}: {lastWords}" : cause;
    }
}

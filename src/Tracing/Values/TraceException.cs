namespace Emergence.Tracing.Values;

/// <summary>What a rule finds wrong with a node; the tracer adds file and node.</summary>
internal sealed class TraceException(string message) : Exception(message)
{
    /// <summary>
    /// True for what a node provokes whose inputs, attributes and shapes do not fit its operator: sizes beyond 32 bits, a
    /// division by a size of 0, an axis that is not there.
    /// </summary>
    public static bool IsUnfit(Exception e) =>
        e is TraceException or ArithmeticException or IndexOutOfRangeException or ArgumentOutOfRangeException;

    /// <summary>What to say of it.</summary>
    public static string Finding(Exception e) => e switch
    {
        TraceException => e.Message,
        OverflowException => "a size or an axis is beyond 32 bits",
        _ => "its inputs, attributes and shapes do not fit each other",
    };
}

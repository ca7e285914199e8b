namespace Emergence.Checkpoints;

/// <summary>How much a <see cref="Diagnostic"/> matters.</summary>
public enum Severity
{
    /// <summary>Worth knowing; does not affect any number.</summary>
    Note,

    /// <summary>A number may not mean what the user thinks.</summary>
    Warning,
}

/// <summary>Something the user should know but need not act on.</summary>
/// <param name="Severity">How much it matters.</param>
/// <param name="Subject">The node, tensor or file it is about.</param>
/// <param name="Message">The finding and the remedy, if any.</param>
public sealed record Diagnostic(Severity Severity, string Subject, string Message)
{
    /// <summary>A warning.</summary>
    public static Diagnostic Warning(string subject, string message) => new(Severity.Warning, subject, message);

    /// <summary>A note.</summary>
    public static Diagnostic Note(string subject, string message) => new(Severity.Note, subject, message);

    /// <inheritdoc/>
    public override string ToString() => Subject.Length == 0 ? Message : $"{Subject}: {Message}";
}

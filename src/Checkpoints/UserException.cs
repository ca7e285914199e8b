namespace Emergence.Checkpoints;

/// <summary>
/// A condition the user can act on. The message is one line: subject (file, node), finding, remedy; it is shown
/// as it stands, without a stack trace. Anything else that is thrown is a defect of ours.
/// </summary>
public class UserException : Exception
{
    /// <summary>Creates the exception with a message of the form "subject: finding; remedy".</summary>
    public UserException(string message) : base(OneLine(message))
    {
    }

    /// <summary>Creates the exception, keeping what caused it for a debugger.</summary>
    public UserException(string message, Exception inner) : base(OneLine(message), inner)
    {
    }

    /// <summary>Names in a message come from foreign files: line breaks and terminal escapes become spaces.</summary>
    private static string OneLine(string message) => string.Concat(message.Select(c => char.IsControl(c) ? ' ' : c));
}

/// <summary>A <see cref="UserException"/> that means the program was called wrongly (exit code 2).</summary>
public sealed class UsageException : UserException
{
    /// <inheritdoc cref="UserException(string)"/>
    public UsageException(string message) : base(message)
    {
    }
}

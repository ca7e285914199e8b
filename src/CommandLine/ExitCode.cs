namespace Emergence.CommandLine;

/// <summary>What a program tells the shell.</summary>
public static class ExitCode
{
    /// <summary>All was done.</summary>
    public const int Done = 0;

    /// <summary>It could not be done.</summary>
    public const int Failed = 1;

    /// <summary>The program was called wrongly; a path or pattern that matches nothing counts.</summary>
    public const int Usage = 2;

    /// <summary>All was done, and a condition that the caller set is met.</summary>
    public const int Gate = 3;

    /// <summary>Some of several checkpoints failed, each named; the rest is written.</summary>
    public const int Partial = 4;

    /// <summary>Ctrl-C: 128 + SIGINT, as shells have it.</summary>
    public const int Canceled = 130;
}

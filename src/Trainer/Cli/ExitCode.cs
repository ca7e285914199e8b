namespace Emergence.Trainer.Cli;

/// <summary>What the program tells the shell.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>It could not be done.</summary>
    public const int Failed = 1;

    /// <summary>The program was called wrongly; a path that leads nowhere counts.</summary>
    public const int Usage = 2;

    /// <summary>Ctrl-C: 128 + SIGINT, as shells have it.</summary>
    public const int Cancelled = 130;
}

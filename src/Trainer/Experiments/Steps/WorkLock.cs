using Emergence.Checkpoints;

namespace Emergence.Trainer.Experiments.Steps;

/// <summary>Keeps other processes from what a run works on, until it is disposed of.</summary>
internal static class WorkLock
{
    /// <summary>Takes the lock together with any others that take it so, but not while one has it alone.</summary>
    /// <param name="file">The file that stands for it; it stays.</param>
    /// <param name="place">What is worked on, for the message.</param>
    /// <param name="remedy">What to name with which option.</param>
    /// <exception cref="UserException">Another process has it alone, or the folder cannot be written.</exception>
    public static IDisposable Share(string file, string place, string remedy) =>
        Open(file, place, remedy, FileAccess.Read, FileShare.Read, FileOptions.None);

    /// <summary>Takes the lock.</summary>
    /// <param name="file">The file that stands for it; its folder is made, and it is gone in the end.</param>
    /// <param name="place">What is worked on, for the message.</param>
    /// <param name="remedy">What to name with which option.</param>
    /// <exception cref="UserException">Another process has it, or the folder cannot be written.</exception>
    public static IDisposable Take(string file, string place, string remedy) =>
        Open(file, place, remedy, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose);

    private static FileStream Open(
        string file, string place, string remedy, FileAccess access, FileShare share, FileOptions options)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            return new FileStream(file, FileMode.OpenOrCreate, access, share, 1, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"{place}: is in use by another run, or cannot be written ({e.Message}); wait, or name {remedy}", e);
        }
    }
}

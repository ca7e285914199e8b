using System.Collections.Immutable;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Series;

/// <summary>
/// A folder that training writes checkpoints into. A checkpoint counts as finished once it, and its external files, had the same
/// size and time at two looks, it can be read, and all its tensors lie inside the files. Looks read the folder, so that any
/// network file system will do.
/// </summary>
/// <param name="name">A directory, or a pattern; neither need match anything yet.</param>
/// <param name="open">Opens a checkpoint, or says why it cannot be.</param>
/// <param name="isHopeless">Whether no more of a file is worth waiting for: its analysis says why.</param>
internal sealed class WatchedFolder(
    string name, Func<string, (Checkpoint? Checkpoint, string? Failure)> open, Func<string, bool> isHopeless)
{
    private readonly record struct Stamp(long Length, DateTime Written);

    private readonly Dictionary<string, ImmutableArray<(string File, Stamp Stamp)>> finished = [];
    private readonly Dictionary<string, int?> epochs = [];
    private readonly SortedDictionary<string, string> unfinished = new(StringComparer.Ordinal);
    private Dictionary<string, Stamp> before = [];

    /// <summary>Files that are there, but could not be read at the last look, and why.</summary>
    public IReadOnlyDictionary<string, string> Unfinished => unfinished;

    /// <summary>The finished files, in series order; those that have been taken away since are among them.</summary>
    public ImmutableArray<string> Finished => CheckpointFinder.InOrder(finished.Keys, file => epochs[file]);

    /// <summary>Drops the files that have been taken away, which nobody can analyze again.</summary>
    public void ForgetGone()
    {
        foreach (var gone in finished.Keys.Where(file => !File.Exists(file)).ToArray())
            finished.Remove(gone);
    }

    /// <summary>Looks once.</summary>
    /// <returns>The files that are finished and were not, or have been written again; in no order.</returns>
    /// <exception cref="UserException">The directory cannot be read.</exception>
    public ImmutableArray<string> Look()
    {
        var now = new Dictionary<string, Stamp>();
        var found = ImmutableArray.CreateBuilder<string>();
        var files = CheckpointFinder.FilesByNow(name);
        foreach (var gone in unfinished.Keys.Except(files).ToArray())
            unfinished.Remove(gone);
        foreach (var file in files)
        {
            if (!IsKnown(file) && IsStill(file, now) && PartsOf(file) is { } parts
                && parts.Count(part => IsStill(part, now)) == parts.Length)
            {
                finished[file] = [.. parts.Select(part => (part, now[part]))];
                found.Add(file);
            }
        }
        before = now;
        return found.ToImmutable();
    }

    private bool IsKnown(string file) =>
        finished.TryGetValue(file, out var parts) && parts.All(part => StampOf(part.File) == part.Stamp);

    private bool IsStill(string file, Dictionary<string, Stamp> now)
    {
        if (StampOf(file) is not { } stamp)
            return false;
        now[file] = stamp;
        return before.TryGetValue(file, out var was) && was == stamp;
    }

    /// <summary>The file and its external files; null where they cannot be read yet.</summary>
    private ImmutableArray<string>? PartsOf(string file)
    {
        unfinished.Remove(file);
        if (isHopeless(file))
        {
            epochs[file] = RecordedEpoch.Read(file);
            return [file];
        }
        var (checkpoint, failure) = open(file);
        if (checkpoint is null)
        {
            unfinished.Add(file, failure!);
            return null;
        }
        epochs[file] = checkpoint.Metadata.Epoch;
        return [file, .. checkpoint.ExternalFiles];
    }

    private static Stamp? StampOf(string path) =>
        new FileInfo(path) is { Exists: true } file ? new Stamp(file.Length, file.LastWriteTimeUtc) : null;
}

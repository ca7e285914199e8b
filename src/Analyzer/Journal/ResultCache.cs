using Emergence.Checkpoints;

namespace Emergence.Analyzer.Journal;

/// <summary>What a folder of results takes.</summary>
/// <param name="Results">How many there are.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="OldestUse">When the one was last used that has not been for the longest time; null without any.</param>
internal sealed record CacheContent(int Results, long Bytes, DateTime? OldestUse);

/// <summary>The folder of a <see cref="ResultStore"/> that several runs share: its size, and how it stays small.</summary>
internal static class ResultCache
{
    // A file that is being written or a claim is younger, unless its process was killed.
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(24);

    /// <summary>What a folder holds.</summary>
    /// <exception cref="UserException">It cannot be read.</exception>
    public static CacheContent Show(string folder) => Try(folder, () =>
    {
        var files = FilesIn(folder).Where(IsResult).ToArray();
        return new CacheContent(files.Length, files.Sum(file => file.Length),
            files.Length == 0 ? null : files.Min(file => file.LastWriteTimeUtc));
    });

    /// <summary>Removes results, those not used for the longest time first; other processes may go on using the folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="size">What may stay, in bytes; null: any size.</param>
    /// <param name="unused">Results that were not used for longer go too; null: none.</param>
    /// <param name="now">The time.</param>
    /// <returns>What was removed.</returns>
    /// <exception cref="UserException">It cannot be read, or a result cannot be removed.</exception>
    public static CacheContent Prune(string folder, long? size, TimeSpan? unused, DateTime now) => Try(folder, () =>
    {
        var (removed, bytes, kept) = (0, 0L, 0L);
        // The latest first: they stay as long as there is room.
        foreach (var file in FilesIn(folder).OrderByDescending(file => file.LastWriteTimeUtc).ThenBy(file => file.Name))
        {
            var age = now - file.LastWriteTimeUtc;
            if (!IsResult(file))
            {
                if (age > Abandoned && IsOurs(file))
                    Delete(file);
                continue;
            }
            var length = file.Length;
            if (age <= (unused ?? TimeSpan.MaxValue) && kept + length <= (size ?? long.MaxValue))
            {
                kept += length;
                continue;
            }
            Delete(file);
            (removed, bytes) = (removed + 1, bytes + length);
            // So that what stays is what was used last, not whatever smaller result fits.
            kept = size is null ? kept : Math.Max(kept, size.Value);
        }
        return new CacheContent(removed, bytes, null);
    });

    private static bool IsResult(FileInfo file) => file.Extension == ResultStore.Extension;

    /// <summary>A claim, or a result that was being written.</summary>
    private static bool IsOurs(FileInfo file) => file.Extension == ResultStore.ClaimExtension
        || (file.Extension == ".tmp" && file.Name.Contains(ResultStore.Extension, StringComparison.Ordinal));

    private static IEnumerable<FileInfo> FilesIn(string folder) => new DirectoryInfo(folder).EnumerateDirectories("??")
        .SelectMany(below => below.EnumerateFiles())
        // One that another process has just removed has no length.
        .Where(file => file.Exists);

    private static void Delete(FileInfo file)
    {
        try
        {
            file.Delete();
        }
        catch (DirectoryNotFoundException)
        {
            // Another process has removed it.
        }
    }

    private static T Try<T>(string folder, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"{folder}: cannot be read or cleared ({e.Message}); check the folder and its permissions", e);
        }
    }
}

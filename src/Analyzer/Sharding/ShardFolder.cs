using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Sharding;

/// <summary>The folders in which shards leave their parts.</summary>
internal static class ShardFolder
{
    /// <summary>Refuses a folder that another shard of as many has: each would replace what the other contributes.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="kind">What the shard leaves.</param>
    /// <param name="shard">The shard.</param>
    /// <exception cref="UsageException">It is another shard's.</exception>
    public static void RequireOwn<T>(string folder, ShardKind<T> kind, Shard shard) where T : class
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(shard);
        var file = Path.Combine(folder, kind.FileName);
        if (File.Exists(file) && TryRead(file, kind) is { } found && kind.ShardOf(found) is var other
            && other.Count == shard.Count && other != shard)
        {
            throw new UsageException($"--out {folder}: holds shard {other}; give each shard a folder of its own");
        }
    }

    /// <summary>Whether some folders, or folders right below them, hold what shards of a kind leave.</summary>
    public static bool Has<T>(IEnumerable<string> folders, ShardKind<T> kind) where T : class
    {
        ArgumentNullException.ThrowIfNull(kind);
        return folders.Where(Directory.Exists).Any(folder => PlacesIn(folder, kind.FileName)
            .Any(place => File.Exists(Path.Combine(place, kind.FileName))));
    }

    /// <summary>The parts in some folders, or in the folders right below them.</summary>
    /// <param name="folders">As the user named them.</param>
    /// <param name="kind">What the shards leave.</param>
    /// <param name="warn">Receives a line for each without a part, as that of a killed task, or with a damaged one.</param>
    /// <exception cref="UsageException">There is no such folder.</exception>
    /// <exception cref="UserException">A part cannot be read, or is of another build.</exception>
    public static ImmutableArray<T> Find<T>(IEnumerable<string> folders, ShardKind<T> kind, Action<string> warn) where T : class
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(warn);
        var parts = ImmutableArray.CreateBuilder<T>();
        foreach (var folder in folders)
        {
            if (!Directory.Exists(folder))
                throw new UsageException($"{folder}: no such directory; {MissingPath.Remedy(folder)}");
            foreach (var place in PlacesIn(folder, kind.FileName))
                Add(place);
        }
        return parts.ToImmutable();

        void Add(string place)
        {
            var file = Path.Combine(place, kind.FileName);
            if (!File.Exists(file))
            {
                warn($"{place}: holds no shard that was finished; left out");
                return;
            }
            try
            {
                parts.Add(kind.Read(place, file));
            }
            catch (ShardDamageException e)
            {
                warn($"{e.Message}; left out");
            }
        }
    }

    /// <summary>The folder, or those below it; what a killed shard had ready to write is there then.</summary>
    private static string[] PlacesIn(string folder, string fileName)
    {
        FileSet.Recover(folder);
        if (File.Exists(Path.Combine(folder, fileName)))
            return [folder];
        var below = Directory.EnumerateDirectories(folder).Where(each => !Path.GetFileName(each.AsSpan()).StartsWith('.'))
            .Order(StringComparer.Ordinal).ToArray();
        foreach (var each in below)
            FileSet.Recover(each);
        return below.Any(each => File.Exists(Path.Combine(each, fileName))) ? below : [folder];
    }

    private static T? TryRead<T>(string file, ShardKind<T> kind) where T : class
    {
        try
        {
            return kind.Read("", file);
        }
        catch (UserException)
        {
            // Of another build, or damaged: this run replaces it.
            return null;
        }
    }
}

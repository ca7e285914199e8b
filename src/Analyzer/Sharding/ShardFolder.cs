using System.Collections.Immutable;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Sharding;

/// <summary>The folders in which shards leave their parts.</summary>
internal static class ShardFolder
{
    /// <summary>Refuses a folder that another shard of as many has: each would replace what the other contributes.</summary>
    /// <exception cref="UsageException">It is another shard's.</exception>
    public static void RequireOwn(string folder, Shard shard)
    {
        ArgumentNullException.ThrowIfNull(shard);
        var file = FileIn(folder);
        if (File.Exists(file) && TryRead(file) is { Shard: var other } && other.Count == shard.Count && other != shard)
            throw new UsageException(
                $"--out {folder}: holds shard {other}; give each shard a folder of its own");
    }

    /// <summary>The parts in some folders, or in the folders right below them.</summary>
    /// <param name="folders">As the user named them.</param>
    /// <param name="warn">Receives a line for each without a part, as that of a killed task, or with a damaged one.</param>
    /// <exception cref="UsageException">There is no such folder.</exception>
    /// <exception cref="UserException">A part cannot be read, or is of another build.</exception>
    public static ImmutableArray<FoundPart> Find(IEnumerable<string> folders, Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(warn);
        var parts = ImmutableArray.CreateBuilder<FoundPart>();
        foreach (var folder in folders)
        {
            if (!Directory.Exists(folder))
                throw new UsageException($"{folder}: no such directory; {MissingPath.Remedy(folder)}");
            FileSet.Recover(folder);
            foreach (var place in PlacesIn(folder))
                Add(place);
        }
        return parts.ToImmutable();

        void Add(string place)
        {
            if (!File.Exists(FileIn(place)))
            {
                warn($"{place}: holds no shard that was finished; left out");
                return;
            }
            try
            {
                parts.Add(new FoundPart(place, ShardReader.Read(FileIn(place), out var seal), seal));
            }
            catch (ShardDamageException e)
            {
                warn($"{e.Message}; left out");
            }
        }
    }

    private static string[] PlacesIn(string folder)
    {
        if (File.Exists(FileIn(folder)))
            return [folder];
        var below = Directory.EnumerateDirectories(folder).Where(each => !Path.GetFileName(each.AsSpan()).StartsWith('.'))
            .Order(StringComparer.Ordinal).ToArray();
        foreach (var each in below)
            FileSet.Recover(each);
        return below.Any(each => File.Exists(FileIn(each))) ? below : [folder];
    }

    private static string FileIn(string folder) => Path.Combine(folder, ShardWriter.FileName);

    private static ShardPart? TryRead(string file)
    {
        try
        {
            return ShardReader.Read(file, out _);
        }
        catch (UserException)
        {
            // Of another build, or damaged: this run replaces it.
            return null;
        }
    }
}

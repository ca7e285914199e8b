using System.Security.Cryptography;

namespace Emergence.Analyzer.Journal;

/// <summary>
/// Keeps what was measured as long as a command runs, whatever becomes of the process that measured it: each process appends to a
/// file of its own, and the next one finds what is whole in all of them. As that takes time, results are held until they have
/// taken as long to measure as may be lost, and then written together. What a death costs is bounded by that, however long the
/// series: these, and those that are in work. Several threads may share this object.
/// </summary>
/// <param name="folder">Where; asked for with the first results that are written. Its user removes it.</param>
/// <param name="before">The same folder where an earlier process has written; null if none has.</param>
/// <param name="mayBeLost">The time of measuring that may be lost; zero: every result is written at once.</param>
/// <param name="clock">Tells how long a measurement took.</param>
internal sealed class ResultLog(Func<string> folder, string? before, TimeSpan mayBeLost, TimeProvider clock) : IKeptResults
{
    private const string Extension = ".results";
    private const int HeadBytes = sizeof(int) + SHA256.HashSizeInBytes;

    private readonly Lock gate = new();
    private readonly List<(byte[] Key, MeasuredCheckpoint Result)> held = [];
    private TimeSpan atStake;
    private Dictionary<string, Place>? places;
    private string? own;
    private bool cannotKeep;

    /// <inheritdoc/>
    public MeasuredCheckpoint Get(byte[] key, Func<MeasuredCheckpoint> measure, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(measure);
        if (Find(key) is { } known)
            return known;
        var started = clock.GetTimestamp();
        var result = measure();
        Hold(key, result, clock.GetElapsedTime(started));
        return result;
    }

    /// <summary>The result under a key; null where there is none that is whole.</summary>
    public MeasuredCheckpoint? Find(byte[] key)
    {
        Place? place;
        lock (gate)
        {
            foreach (var (other, result) in held)
            {
                if (other.AsSpan().SequenceEqual(key))
                    return result;
            }
            place = (places ??= ReadPlaces()).GetValueOrDefault(Convert.ToHexStringLower(key));
        }
        return place is null ? null : Read(key, place);
    }

    private void Hold(byte[] key, MeasuredCheckpoint result, TimeSpan took)
    {
        lock (gate)
        {
            if (cannotKeep)
                return;
            held.Add((key, result));
            atStake += took;
            if (atStake < mayBeLost)
                return;
            Write();
            held.Clear();
            atStake = TimeSpan.Zero;
        }
    }

    /// <summary>Writes what is held. Where that fails the analysis is none the worse, only what comes after a death.</summary>
    private void Write()
    {
        try
        {
            own ??= Path.Combine(folder(), $"{Directory.GetFiles(folder(), $"*{Extension}").Length}{Extension}");
            using var stream = new FileStream(own, FileMode.Append, FileAccess.Write, FileShare.Read);
            using var writer = new BinaryWriter(stream);
            foreach (var (key, result) in held)
            {
                var content = SealedResult.Of(key, result);
                writer.Write(content.Length);
                writer.Write(key);
                writer.Write(content.Span);
                (places ??= [])[Convert.ToHexStringLower(key)] = new(own, stream.Position - content.Length, content.Length);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            cannotKeep = true;
        }
    }

    private Dictionary<string, Place> ReadPlaces()
    {
        var found = new Dictionary<string, Place>(StringComparer.Ordinal);
        try
        {
            foreach (var file in before is null ? [] : Directory.GetFiles(before, $"*{Extension}"))
                ReadPlaces(file, found);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be read is measured again.
        }
        return found;
    }

    private static void ReadPlaces(string file, Dictionary<string, Place> found)
    {
        using var stream = File.OpenRead(file);
        using var reader = new BinaryReader(stream);
        while (stream.Length - stream.Position >= HeadBytes)
        {
            var length = reader.ReadInt32();
            var key = Convert.ToHexStringLower(reader.ReadBytes(SHA256.HashSizeInBytes));
            // A process died as it wrote the last one.
            if (length < 0 || length > stream.Length - stream.Position)
                return;
            found[key] = new Place(file, stream.Position, length);
            stream.Position += length;
        }
    }

    private static MeasuredCheckpoint? Read(byte[] key, Place place)
    {
        try
        {
            using var stream = File.OpenRead(place.File);
            stream.Position = place.Offset;
            var content = new byte[place.Length];
            stream.ReadExactly(content);
            return SealedResult.Open(key, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed record Place(string File, long Offset, int Length);
}

using Emergence.Checkpoints;

namespace Emergence.Analyzer.Journal;

/// <summary>
/// Keeps what was measured of checkpoints in a folder, one file for each, named by everything that shapes it. So a result is
/// never out of date: it is found, or it is another one. Several processes may share the folder, also over a network, and
/// several threads this object. Results outlast a loss of power.
/// </summary>
/// <param name="folder">Where; asked for, and created, with the first result that is kept or looked for.</param>
/// <param name="warn">Told once, where results cannot be kept; optional. The analysis goes on.</param>
internal sealed class ResultStore(Func<string> folder, Action<string>? warn = null) : IKeptResults
{
    internal const string Extension = ".measured";

    // Beside a result while it is measured.
    internal const string ClaimExtension = ".claim";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    // Coarse, as each use that is noted is a write on a network.
    private static readonly TimeSpan UseIsNoted = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private string? path;
    private bool cannotKeep;
    private int found;
    private int kept;

    /// <summary>How long to wait for another process that measures the same; null where none shares the folder.</summary>
    public TimeSpan? Patience { get; init; }

    /// <summary>How many results were found.</summary>
    public int Found => found;

    /// <summary>How many results were kept.</summary>
    public int Kept => kept;

    /// <summary>What it means that results cannot be kept.</summary>
    public string Loss { get; init; } = "a run that is interrupted will begin from the start";

    private string Folder
    {
        get
        {
            lock (gate)
                return path ??= folder();
        }
    }

    /// <inheritdoc/>
    public MeasuredCheckpoint Get(byte[] key, Func<MeasuredCheckpoint> measure, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(measure);
        if (Find(key) is { } known)
            return known;
        using var claim = Patience is { } patience ? Claim(key, patience, token) : null;
        if (Patience is not null && Find(key) is { } meanwhile)
            return meanwhile;
        var result = measure();
        Keep(key, result);
        return result;
    }

    /// <summary>The result under a key; null where there is none that is whole.</summary>
    public MeasuredCheckpoint? Find(byte[] key)
    {
        ArgumentNullException.ThrowIfNull(key);
        try
        {
            var file = FileOf(key, Extension);
            if (!File.Exists(file))
                return null;
            if (SealedResult.Open(key, File.ReadAllBytes(file)) is not { } result)
                return null;
            Interlocked.Increment(ref found);
            if (Patience is not null)
                NoteUse(file);
            return result;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be read is measured again.
            return null;
        }
    }

    /// <summary>Keeps a result. Where that fails the analysis is none the worse, only what comes after it.</summary>
    public void Keep(byte[] key, MeasuredCheckpoint result)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (Volatile.Read(ref cannotKeep))
            return;
        try
        {
            var content = SealedResult.Of(key, result);
            var file = FileOf(key, Extension);
            // Each time: another run that ends here takes the folder away.
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            AtomicFile.Write(file, to => to.Write(content.Span));
            Interlocked.Increment(ref kept);
        }
        catch (Exception e) when (e is UserException or IOException or UnauthorizedAccessException)
        {
            if (!Interlocked.Exchange(ref cannotKeep, true))
                warn?.Invoke($"{e.Message}; {Loss}");
        }
    }

    /// <summary>Takes all results away, those of other runs too.</summary>
    public static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another run is putting something there, and will take it away itself.
        }
    }

    /// <summary>
    /// Says to other processes that this one measures, until it is disposed of or the process ends, however that happens. Null
    /// where another has kept the result meanwhile, or cannot be waited for: at worst it is measured twice.
    /// </summary>
    private FileStream? Claim(byte[] key, TimeSpan patience, CancellationToken token)
    {
        var (file, claim) = (FileOf(key, Extension), FileOf(key, ClaimExtension));
        for (var started = TimeProvider.System.GetTimestamp(); ;)
        {
            token.ThrowIfCancellationRequested();
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(claim)!);
                return new FileStream(
                    claim, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (IOException) when (File.Exists(claim) && !File.Exists(file)
                && TimeProvider.System.GetElapsedTime(started) < patience)
            {
                token.WaitHandle.WaitOne(Pause);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    /// <summary>What was not used for the longest time goes first where room is needed.</summary>
    private static void NoteUse(string file)
    {
        try
        {
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > UseIsNoted)
                File.SetLastWriteTimeUtc(file, DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Of another user, or just removed.
        }
    }

    // Folders of some thousands of files at most, which every file system bears.
    private string FileOf(byte[] key, string extension)
    {
        var name = Convert.ToHexStringLower(key);
        return Path.Combine(Folder, name[..2], name + extension);
    }
}

using System.Security.Cryptography;
using System.Text;

namespace Emergence.Checkpoints;

/// <summary>
/// Several files of one folder as one set: whatever happens meanwhile, the folder holds all of one run or all of another.
/// Files are staged under names of their own; a record of their hashes is the point from which on the set is the new one, and
/// whoever comes next renames what is left to rename. Files that are none of the set stay as they are. One run at a time has
/// the folder, from its start, so that none works for hours on what another is about to replace.
/// </summary>
public sealed class FileSet : IDisposable
{
    private const string Prefix = ".emergence-";
    private const string Record = Prefix + "commit";
    private const string LockName = Prefix + "lock";
    private const string Staged = ".staged";
    // In the record in place of a hash: the set has no such file, and one of an earlier run goes.
    private static readonly string Gone = new('-', 64);

    // A run that was killed may hold the folder until its processes are gone, some seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly string directory;
    private readonly FileStream gate;
    private readonly bool isNew;

    private FileSet(string directory, FileStream gate, bool isNew) =>
        (this.directory, this.gate, this.isNew) = (directory, gate, isNew);

    /// <summary>Takes a folder for this run, and brings a set to its end that an earlier run could not.</summary>
    /// <param name="directory">The folder; it is created.</param>
    /// <exception cref="UserException">Another run has the folder, it cannot be written, or it holds files of two
    /// runs.</exception>
    public static FileSet Open(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        FileSet? set = null;
        Try(directory, () =>
        {
            // A run that is killed cannot take away the folder that it made: the next one knows by the length of its lock.
            var isNew = !Directory.Exists(directory)
                || new FileInfo(Path.Combine(directory, LockName)) is { Exists: true, Length: 1 };
            set = new FileSet(directory, Enter(directory), isNew);
            set.gate.SetLength(isNew ? 1 : 0);
            try
            {
                Finish(directory);
            }
            catch
            {
                set.Dispose();
                throw;
            }
        });
        return set!;
    }

    /// <summary>Writes the files, the last of them last.</summary>
    /// <param name="files">Their names, and what writes each; null removes the file that an earlier run left.</param>
    /// <exception cref="UserException">They cannot be written; the old set stays.</exception>
    public void Write(IReadOnlyList<(string Name, Action<Stream>? Write)> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        Try(directory, () =>
        {
            // It may have been taken away, with the lock in it.
            Directory.CreateDirectory(directory);
            var staged = new List<string>();
            try
            {
                var record = new StringBuilder();
                foreach (var (name, write) in files)
                {
                    if (write is null)
                    {
                        record.Append(Gone).Append("  ").Append(name).Append('\n');
                        continue;
                    }
                    var path = Path.Combine(directory, Prefix + name + Staged);
                    staged.Add(path);
                    record.Append(Stage(path, write)).Append("  ").Append(name).Append('\n');
                }
                AtomicFile.WriteText(Path.Combine(directory, Record), record.ToString());
            }
            catch
            {
                staged.ForEach(File.Delete);
                throw;
            }
            Finish(directory);
            IsWritten = true;
        });
    }

    /// <summary>Whether the files are there, all of them.</summary>
    public bool IsWritten { get; private set; }

    /// <summary>Leaves the folder to others; one that was created for nothing goes.</summary>
    public void Dispose()
    {
        gate.Dispose();
        try
        {
            if (isNew && !Directory.EnumerateFileSystemEntries(directory).Any())
                Directory.Delete(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another run has just entered it, or it has been taken away.
        }
    }

    /// <summary>Brings a set to its end that an earlier run could not; there may be none. For whoever reads it.</summary>
    /// <exception cref="UserException">The folder holds files of two runs.</exception>
    public static void Recover(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        if (File.Exists(Path.Combine(directory, Record)))
            Open(directory).Dispose();
    }

    /// <summary>Renames what a record names and has not been renamed yet.</summary>
    private static void Finish(string directory)
    {
        var record = Path.Combine(directory, Record);
        if (File.Exists(record))
        {
            foreach (var line in File.ReadAllLines(record))
            {
                var (hash, name) = (line[..Math.Min(64, line.Length)], Path.GetFileName(line[Math.Min(66, line.Length)..]));
                var (from, to) = (Path.Combine(directory, Prefix + name + Staged), Path.Combine(directory, name));
                if (hash == Gone)
                    File.Delete(to);
                else if (HashOf(from) == hash)
                    File.Move(from, to, overwrite: true);
                else if (HashOf(to) != hash)
                    throw new UserException(
                        $"{to}: is not of the same run as the files beside it; take the set and {Record} away, or name "
                        + "another folder");
            }
            File.Delete(record);
        }
        // What a run left that did not come as far as its record.
        foreach (var left in Directory.EnumerateFiles(directory, Prefix + "*" + Staged))
            File.Delete(left);
    }

    private static string Stage(string path, Action<Stream> write)
    {
        using var stream = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16);
        write(stream);
        stream.Flush(flushToDisk: true);
        stream.Position = 0;
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string? HashOf(string path)
    {
        if (!File.Exists(path))
            return null;
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>Waits for the folder's lock; it goes with the process that holds it.</summary>
    private static FileStream Enter(string directory)
    {
        var path = Path.Combine(directory, LockName);
        for (var started = TimeProvider.System.GetTimestamp(); ;)
        {
            // Another run that leaves may have taken the folder with it that it had made.
            Directory.CreateDirectory(directory);
            try
            {
                var gate = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1,
                    FileOptions.DeleteOnClose);
                if (IsStillThere(gate, path))
                    return gate;
                gate.Dispose();
            }
            catch (IOException e) when (IsHeld(e) || File.Exists(path) || e is DirectoryNotFoundException)
            {
                if (TimeProvider.System.GetElapsedTime(started) > Patience)
                    throw new UserException(
                        $"{directory}: another run is writing there; wait for its end, or name another folder", e);
                Thread.Sleep(Pause);
            }
        }
    }

    /// <summary>Another run holds the lock, which may be gone by now: EWOULDBLOCK on Linux and macOS, a
    /// sharing or lock violation on Windows.</summary>
    private static bool IsHeld(IOException e) => (e.HResult & 0xFFFF) is 11 or 35 or 32 or 33;

    /// <summary>A lock that was opened just before its holder deleted it keeps nobody out.</summary>
    private static bool IsStillThere(FileStream gate, string path)
    {
        // Marked through the handle and read by the name, which opens nothing; whole seconds, as some file systems know no less.
        var mark = DateTime.UnixEpoch.AddSeconds(2L * Random.Shared.Next());
        File.SetLastWriteTimeUtc(gate.SafeFileHandle, mark);
        return File.GetLastWriteTimeUtc(path) == mark;
    }

    private static void Try(string directory, Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"{directory}: cannot be written ({e.Message}); check the folder, its permissions and the free space", e);
        }
    }
}

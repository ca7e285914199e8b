using System.Formats.Tar;
using System.IO.Compression;
using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>Unpacks known files of a .tar.gz, without trusting anything else in it.</summary>
internal static class TarArchive
{
    /// <summary>
    /// Extracts the regular files of these names, wherever they stand in the archive, into a folder that appears only when
    /// all are there. The archive's own paths, links and permissions are never used.
    /// </summary>
    /// <exception cref="UserException">The archive is damaged or lacks one of them, or the folder cannot be written.</exception>
    public static void Extract(string archive, IReadOnlyCollection<string> names, string folder)
    {
        var temporary = $"{folder}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp";
        Download.CreateFolder(temporary);
        try
        {
            using (var file = File.OpenRead(archive))
            using (var tar = new TarReader(new GZipStream(file, CompressionMode.Decompress)))
            {
                while (tar.GetNextEntry() is { } entry)
                {
                    var name = entry.Name[(entry.Name.LastIndexOf('/') + 1)..];
                    if (entry.DataStream is { } data && names.Contains(name))
                        AtomicFile.Write(Path.Combine(temporary, name), data.CopyTo);
                }
            }
            if (names.FirstOrDefault(name => !File.Exists(Path.Combine(temporary, name))) is { } missing)
                throw new UserException($"{archive}: holds no {missing}; fetch it again");
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
            Directory.Move(temporary, folder);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new UserException($"{archive}: cannot be unpacked ({e.Message}); fetch it again, or give --data-dir", e);
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }
    }
}

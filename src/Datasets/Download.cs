using System.Collections.Immutable;
using System.Security.Cryptography;
using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>A published file.</summary>
/// <param name="Name">Its file name.</param>
/// <param name="Bytes">Its exact size.</param>
/// <param name="Sha256">Its hash, lower-case hexadecimal.</param>
/// <param name="Mirrors">The folders it is served from, each ending in a slash, best first.</param>
internal sealed record PublishedFile(string Name, long Bytes, string Sha256, ImmutableArray<string> Mirrors);

/// <summary>Fetches published files into a folder, each whole and checked or not at all.</summary>
/// <param name="Folder">Where they are kept.</param>
/// <param name="Http">Makes the requests.</param>
/// <param name="Progress">Told what is going on, a line at a time.</param>
/// <param name="Token">Ends a download.</param>
internal sealed record Download(string Folder, HttpMessageHandler Http, Action<string>? Progress, CancellationToken Token)
{
    private const long SmallFile = 1_000_000;
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);

    /// <summary>Fetches a file to <paramref name="path"/> from the first mirror that serves it.</summary>
    /// <exception cref="UserException">No mirror does, or the file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The token asked for it.</exception>
    public void Fetch(PublishedFile file, string path)
    {
        CreateFolder(Path.GetDirectoryName(path)!);
        using var client = new HttpClient(Http, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        var failures = new List<string>();
        foreach (var mirror in file.Mirrors)
        {
            var address = new Uri(new Uri(mirror), file.Name);
            Progress?.Invoke($"{file.Name}: downloading {file.Bytes / 1e6:F1} MB from {address.Host}");
            try
            {
                AtomicFile.Write(path, stream => CopyAsync(client, address, file, stream).GetAwaiter().GetResult());
                return;
            }
            catch (MirrorException e)
            {
                failures.Add($"{address.Host}: {e.Message}");
            }
        }
        throw new UserException(
            $"{file.Name}: cannot be downloaded ({string.Join("; ", failures)}); "
            + "check the network, or fetch it by other means and give its folder with --data-dir");
    }

    /// <summary>Creates a folder and what leads to it.</summary>
    public static void CreateFolder(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be created ({e.Message}); set XDG_CACHE_HOME, or give --data-dir", e);
        }
    }

    private async Task CopyAsync(HttpClient client, Uri address, PublishedFile file, Stream target)
    {
        using var response = await FromMirror(token => client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, token));
        if (!response.IsSuccessStatusCode)
            throw new MirrorException($"answers {(int)response.StatusCode} {response.ReasonPhrase}");
        await using var source = await FromMirror(token => response.Content.ReadAsStreamAsync(token));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        var (done, tenths) = (0L, 0L);
        while (await FromMirror(token => source.ReadAsync(buffer, token).AsTask()) is var read and > 0)
        {
            done += read;
            if (done > file.Bytes)
                break;
            hash.AppendData(buffer, 0, read);
            target.Write(buffer, 0, read);
            if (done * 10 / file.Bytes is var now && now > tenths && file.Bytes > SmallFile)
                Progress?.Invoke($"{file.Name}: {10 * (tenths = now)} %");
        }
        if (done != file.Bytes || Convert.ToHexStringLower(hash.GetHashAndReset()) != file.Sha256)
            throw new MirrorException("sends something other than the published file (size or SHA-256 differ)");
    }

    /// <summary>Awaits the mirror, but not for ever, and tells its failures from those of our own disk.</summary>
    private async Task<T> FromMirror<T>(Func<CancellationToken, Task<T>> ask)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(LongestSilence);
        try
        {
            return await ask(patience.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new MirrorException(e.Message);
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            throw new MirrorException("does not answer");
        }
    }

    private sealed class MirrorException(string message) : Exception(message);
}

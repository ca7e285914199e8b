using System.Diagnostics;
using System.Net.WebSockets;
using Emergence.Analyzer.Tests.Checkpoints;

namespace Emergence.Analyzer.Tests.Pages;

/// <summary>
/// A Chromium without a window, driven by its DevTools protocol: JSON messages over a web socket, of which these tests need a
/// dozen. Where none is installed, tests that want one are skipped.
/// </summary>
public sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder profile = new();
    private readonly SemaphoreSlim gate = new(1);
    private Process? process;
    private string? address;

    /// <summary>Opens a file in a tab of its own.</summary>
    public async Task<BrowserPage> OpenAsync(string file, int width, int height, CancellationToken token)
    {
        var program = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null,
            "no Chromium on the PATH; install it (apt-get install chromium) to test pages in a browser");
        await gate.WaitAsync(token);
        try
        {
            address ??= await StartAsync(program!, token);
        }
        finally
        {
            gate.Release();
        }
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri(address), token);
        var page = new BrowserPage(socket);
        await page.LoadAsync(new Uri(file).AbsoluteUri, width, height, token);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
        gate.Dispose();
        profile.Dispose();
    }

    // It says on stderr where it listens.
    private async Task<string> StartAsync(string program, CancellationToken token)
    {
        const string Listening = "DevTools listening on ";
        string[] arguments =
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                "--hide-scrollbars",
            "--remote-debugging-port=0", $"--user-data-dir={profile.Root}", "about:blank",
        ];
        process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true,
            RedirectStandardOutput = true })!;
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(token);
        patience.CancelAfter(Patience);
        while (await process.StandardError.ReadLineAsync(patience.Token) is { } line)
        {
            if (!line.StartsWith(Listening, StringComparison.Ordinal))
                continue;
            // Read on, as a full pipe would stop it.
            _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            return line[Listening.Length..].Trim();
        }
        throw new InvalidOperationException($"{program}: ended before it listened");
    }
}

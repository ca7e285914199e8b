using System.Net.WebSockets;
using System.Text.Json.Nodes;

namespace Emergence.Analyzer.Tests.Pages;

/// <summary>A page in a browser: what it runs, complains of and asks the network for.</summary>
public sealed class BrowserPage(ClientWebSocket socket) : IAsyncDisposable
{
    private readonly byte[] buffer = new byte[1 << 16];
    private string session = "";
    private string target = "";
    private int sent;

    /// <summary>Errors and messages of its scripts and its policy.</summary>
    public List<string> Messages { get; } = [];

    /// <summary>Addresses that it asked for.</summary>
    public List<string> Requests { get; } = [];

    internal async Task LoadAsync(string address, int width, int height, CancellationToken token)
    {
        target = (string)(await SendAsync("Target.createTarget", new() { ["url"] = "about:blank" }, token))["targetId"]!;
        var attached = await SendAsync("Target.attachToTarget", new() { ["targetId"] = target, ["flatten"] = true }, token);
        session = (string)attached["sessionId"]!;
        foreach (var domain in (string[])["Page", "Runtime", "Log", "Network"])
            await SendAsync($"{domain}.enable", [], token);
        await SendAsync("Emulation.setDeviceMetricsOverride", new()
        {
            ["width"] = width,
            ["height"] = height,
            ["deviceScaleFactor"] = 1,
            ["mobile"] = false,
        }, token);
        await SendAsync("Page.navigate", new() { ["url"] = address }, token);
        await UntilAsync("document.documentElement?.dataset.ready === 'true'", token);
    }

    /// <summary>The value of an expression.</summary>
    public async Task<JsonNode?> EvaluateAsync(string script, CancellationToken token)
    {
        var result = await SendAsync("Runtime.evaluate", new()
        {
            ["expression"] = script,
            ["returnByValue"] = true,
            ["awaitPromise"] = true
        }, token);
        Assert.True(result["exceptionDetails"] is null, $"{script}: {result["exceptionDetails"]?.ToJsonString()}");
        return result["result"]!["value"];
    }

    /// <summary>Waits for an expression to become true.</summary>
    public async Task UntilAsync(string condition, CancellationToken token)
    {
        for (var tries = 0; !(bool)(await EvaluateAsync($"Boolean({condition})", token))!; tries++)
        {
            Assert.True(tries < 200, $"does not become true: {condition}; {string.Join("; ", Messages)}");
            await Task.Delay(50, token);
        }
    }

    /// <summary>Moves the pointer to the middle of what an expression gives, after scrolling it into view; a click if asked
    /// for.</summary>
    public async Task PointAsync(string element, bool click, CancellationToken token)
    {
        var at = await EvaluateAsync(
            $"(e => {{ e.scrollIntoView({{ block: 'center', behavior: 'instant' }}); const r = e.getBoundingClientRect(); "
            + $"return [r.x + r.width / 2, r.y + r.height / 2]; }})({element})",
            token);
        foreach (var type in click ? (string[])["mouseMoved", "mousePressed", "mouseReleased"] : ["mouseMoved"])
        {
            await SendAsync("Input.dispatchMouseEvent", new()
            {
                ["type"] = type,
                ["x"] = (double)at![0]!,
                ["y"] = (double)at[1]!,
                ["button"] = type == "mouseMoved" ? "none" : "left",
                ["clickCount"] = 1,
            }, token);
        }
    }

    /// <summary>Presses a key on whatever has the focus.</summary>
    public async Task PressAsync(string key, CancellationToken token)
    {
        await SendAsync("Input.dispatchKeyEvent", new() { ["type"] = "keyDown", ["key"] = key, ["code"] = key }, token);
        await SendAsync("Input.dispatchKeyEvent", new() { ["type"] = "keyUp", ["key"] = key, ["code"] = key }, token);
    }

    /// <summary>Says whether the reader prefers dark colors, or prints.</summary>
    public Task EmulateAsync(string media, string scheme, CancellationToken token) =>
        SendAsync("Emulation.setEmulatedMedia", new()
        {
            ["media"] = media,
            ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }),
        }, token);

    /// <summary>The whole page as a PNG.</summary>
    public async Task<byte[]> PictureAsync(CancellationToken token)
    {
        var result = await SendAsync("Page.captureScreenshot", new() { ["captureBeyondViewport"] = true, ["format"] = "png" },
            token);
        return Convert.FromBase64String((string)result["data"]!);
    }

    public async ValueTask DisposeAsync()
    {
        session = "";
        await SendAsync("Target.closeTarget", new() { ["targetId"] = target }, CancellationToken.None);
        socket.Dispose();
    }

    private async Task<JsonObject> SendAsync(string method, JsonObject parameters, CancellationToken token)
    {
        var message = new JsonObject { ["id"] = ++sent, ["method"] = method, ["params"] = parameters };
        if (session.Length > 0)
            message["sessionId"] = session;
        await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(message.ToJsonString()), WebSocketMessageType.Text, true,
            token);
        while (true)
        {
            var answer = await ReceiveAsync(token);
            if (answer["method"] is { } happened)
                Note((string)happened!, answer["params"]!);
            else if ((int)answer["id"]! == sent)
                return answer["result"] as JsonObject ?? throw new InvalidOperationException(
                    $"{method}: {answer["error"]?.ToJsonString()}");
        }
    }

    private void Note(string happened, JsonNode what)
    {
        if (happened == "Network.requestWillBeSent")
            Requests.Add((string)what["request"]!["url"]!);
        else if (happened is "Runtime.exceptionThrown" or "Runtime.consoleAPICalled" or "Log.entryAdded")
            Messages.Add(what.ToJsonString());
    }

    private async Task<JsonNode> ReceiveAsync(CancellationToken token)
    {
        using var whole = new MemoryStream();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), token);
            whole.Write(buffer.AsSpan(0, part.Count));
            if (part.EndOfMessage)
                return JsonNode.Parse(whole.ToArray())!;
        }
    }
}

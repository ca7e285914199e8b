using System.IO.Compression;
using System.Text;

namespace Emergence.Pages;

/// <summary>The style sheet and scripts that every page carries.</summary>
internal static class Asset
{
    // In this order: each file uses what stands in those before it.
    private static readonly string[] Scripts = ["common.js", "figure.js", "layers.js", "grids.js", "surface.js", "page.js"];

    /// <summary>The style sheet.</summary>
    public static string Style { get; } = Text("page.css");

    /// <summary>Our own script, as one text.</summary>
    public static string Script { get; } = string.Concat(Scripts.Select(Text));

    /// <summary>Apache ECharts.</summary>
    public static string ECharts { get; } = Unpacked();

    // The page's policy names the hash of these characters, and a browser reads \r\n as \n.
    private static string Text(string name)
    {
        using var reader = new StreamReader(Open(name), Encoding.UTF8);
        return reader.ReadToEnd().Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    private static string Unpacked()
    {
        using var archive = new ZipArchive(Open("echarts.zip"), ZipArchiveMode.Read);
        using var reader = new StreamReader(archive.Entries.Single().Open(), Encoding.UTF8);
        return reader.ReadToEnd().Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    private static Stream Open(string name) =>
        typeof(Asset).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not embedded");
}

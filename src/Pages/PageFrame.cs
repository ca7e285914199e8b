using System.Security.Cryptography;
using System.Text;

namespace Emergence.Pages;

/// <summary>The document around a page: what it may do, its style, its scripts and their data.</summary>
internal static class PageFrame
{
    /// <summary>The document.</summary>
    /// <param name="title">Escaped.</param>
    /// <param name="menu">Links to the sections.</param>
    /// <param name="main">The page.</param>
    /// <param name="data">The charts, as JSON that is safe within a script element.</param>
    public static string Of(string title, string menu, string main, byte[] data)
    {
        // Scripts are those of this page and no others; nothing is loaded from anywhere. Styles are set on elements by the
        // charts.
        var policy = $"default-src 'none'; img-src data:; style-src 'unsafe-inline'; " +
            $"script-src '{Hash(Asset.ECharts)}' '{Hash(Asset.Script)}'; base-uri 'none'; form-action 'none'";
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="{policy}">
            <meta name="referrer" content="no-referrer">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <link rel="icon" href="data:,">
            <title>{title}</title>
            <style>{Asset.Style}</style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the content</a>
            <div class="bar"><span class="brand">Emergence</span><nav aria-label="Sections">
            {menu}</nav>
            <button id="theme" type="button"
            aria-label="Change between automatic, light and dark colors">Theme: auto</button></div>
            <main id="main">
            <noscript><p class="note warning">The charts are drawn by a script in this file; allow it to see them.</p></noscript>
            {main}</main>
            <footer>Charts by Apache ECharts 6.0.0, © The Apache Software Foundation, Apache License 2.0.
            This page loads nothing from a network.</footer>
            <script type="application/json" id="data">{Encoding.UTF8.GetString(data)}</script>
            <!-- Apache ECharts 6.0.0, https://echarts.apache.org, licensed under https://www.apache.org/licenses/LICENSE-2.0 -->
            <script>{Asset.ECharts}</script>
            <script>{Asset.Script}</script>
            </body>
            </html>

            """;
    }

    private static string Hash(
        string script) => $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}";
}

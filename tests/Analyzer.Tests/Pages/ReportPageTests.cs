using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Emergence.Analyzer.Comparison;
using Emergence.Analyzer.Landscapes;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Reports.Html;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Landscapes;
using Emergence.Analyzer.Tests.Reports;

namespace Emergence.Analyzer.Tests.Pages;

/// <summary>report.html in a real browser: as wide as a desk's screen and as a phone's, by pointer and by keyboard, light and
/// dark.</summary>
public sealed class ReportPageTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly Dictionary<string, Action<Stream>> Reports = new(StringComparer.Ordinal)
    {
        ["plain"] = Of(() => SampleOutcome.Plain),
        ["odd"] = Of(() => SampleOutcome.Odd),
        ["sampled"] = Of(() => SampleOutcome.Sampled),
        ["bootstrapped"] = Of(() => SampleOutcome.Bootstrapped),
        ["hostile"] = Of(() => PageOutcomes.Residual(6, 3, i => $"{i}{PageOutcomes.Hostile}")),
        ["model"] = Of(() => PageOutcomes.Residual(12, 1)),
        ["deep"] = Of(() => PageOutcomes.Residual(150, 2)),
        ["long"] = Of(() => PageOutcomes.Residual(50, 100)),
        ["landscape"] = Of(LandscapeReportTests.Made(OfLandscape)),
        ["path"] = Of(LandscapeReportTests.Made(OfLandscape, hasPath: true, count: 2)),
        ["line"] = Of(LandscapeReportTests.Line()),
        ["models"] = Of(() => PageOutcomes.Residual(12, 1), () => PageOutcomes.Residual(9, 1)),
        ["series"] = Of(() => PageOutcomes.Residual(6, 8, i => $"{i}{PageOutcomes.Hostile}"),
            () => PageOutcomes.Residual(6, 5, i => $"{i}{PageOutcomes.Hostile}")),
    };

    private static ImmutableArray<LandscapeNumber> OfLandscape =>
    [
        new("minima", 1), new("roughness", 0.5) { Low = 0.25, High = 0.75 },
        new("sharpness", null) { Reason = PageOutcomes.Hostile },
    ];

    private static Action<Stream> Of(LandscapeOutcome outcome) => stream => LandscapeReportTests.WritePage(outcome, stream);

    private static Action<Stream> Of(Func<AnalysisOutcome> outcome) => stream => ReportWriters.Page.Write(outcome(), stream);

    private static Action<Stream> Of(Func<AnalysisOutcome> a, Func<AnalysisOutcome> b) => stream => ComparisonPage.Write(
        ModelComparison.Of(new($"a{PageOutcomes.Hostile}", a().Series.Checkpoints, 0), new("b", b().Series.Checkpoints, 0)),
            stream);

    public static TheoryData<string, int> Pages => [.. from name in Reports.Keys from width in (int[])[1280,
        400] select new TheoryDataRow<string, int>(name, width)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>No error, no request, nothing wider than the screen, no text of a chart cut off or over another, in either
    /// theme.</summary>
    [Theory, MemberData(nameof(Pages))]
    public async Task a_page_is_whole_and_asks_nobody(string name, int width)
    {
        using var folder = new TemporaryFolder();
        await using var page = await OpenAsync(folder, Reports[name], width);
        foreach (var scheme in (string[])["light", "dark"])
        {
            await page.EmulateAsync("", scheme, Token);
            await page.UntilAsync($"document.documentElement.dataset.theme === '{scheme}'", Token);
            Assert.Empty(Faults(await page.EvaluateAsync(Layout, Token)));
            await KeepPictureAsync(page, $"{name}-{width}-{scheme}");
        }
        Assert.True((int)(await page.EvaluateAsync("document.querySelectorAll('.plot svg').length", Token))!
            >= (name == "line" ? 1 : 2));
        Assert.Null(await page.EvaluateAsync("window.hacked ?? null", Token));
        Assert.Empty(page.Messages);
        Assert.All(page.Requests, address => Assert.StartsWith("file:", address, StringComparison.Ordinal));
    }

    [Fact]
    public async Task a_pointer_and_keys_read_the_charts()
    {
        using var folder = new TemporaryFolder();
        await using var page = await OpenAsync(folder, Of(() =>
            PageOutcomes.Residual(6, 3, i => $"<b>{i}</b>{PageOutcomes.Hostile}")), 1280);
        foreach (var title in (string[])["How it developed", "Alive share by layer", "The network", "Nodes by activation",
            "E by pairs of layers"])
        {
            var plot = $"[...document.querySelectorAll('figure')].find(f => "
                + $"f.textContent.includes('{title}')).querySelector('.plot')";
            await page.EvaluateAsync($"{plot}.scrollIntoView({{ block: 'center', behavior: 'instant' }}), {plot}.focus(), 0",
                Token);
            await page.PressAsync("ArrowRight", Token);
            await page.UntilAsync(
                $"{plot}.querySelector('.tip')?.offsetParent && {plot}.querySelector('.tip').textContent.length > 10", Token);
            await page.PressAsync("Escape", Token);
        }
        var cell = "[...document.querySelectorAll('figure')].find(f => f.textContent.includes('Alive share by "
            + "layer')).querySelectorAll('.plot svg path')";
        await page.PointAsync(
            $"[...{cell}].filter(p => p.getBBox().width > 50 && p.getBBox().height > 10 && p.getBBox().height < 30)[0]", false,
            Token);
        await page.UntilAsync(
            "[...document.querySelectorAll('.tip')].some(t => t.textContent.includes('alive:') && "
            + "t.textContent.includes('<b>0</b></script>'))", Token);
        Assert.Empty(page.Messages);
        Assert.Null(await page.EvaluateAsync("window.hacked ?? null", Token));
    }

    [Fact]
    public async Task tables_sort_both_ways_and_every_chart_has_one()
    {
        using var folder = new TemporaryFolder();
        await using var page = await OpenAsync(folder, Reports["model"], 1280);
        const string Table = "document.querySelector('table.sortable')";
        const string Column =
            $"[...{Table}.tBodies[0].rows].map(r => Number(r.cells[[...{Table}.tHead.rows[0].cells].findIndex(c => "
            + "c.textContent === 'alive')].textContent))";
        const string Head = $"[...{Table}.querySelectorAll('thead button')].find(b => b.textContent === 'alive')";
        var before = Numbers(await page.EvaluateAsync(Column, Token));
        await page.PointAsync(Head, true, Token);
        Assert.Equal(before.OrderDescending(), Numbers(await page.EvaluateAsync(Column, Token)));
        Assert.Equal("descending", (string?)await page.EvaluateAsync($"{Head}.closest('th').getAttribute('aria-sort')", Token));
        await page.PointAsync(Head, true, Token);
        Assert.Equal(before.Order(), Numbers(await page.EvaluateAsync(Column, Token)));
        Assert.NotEqual(before, before.Order());

        await page.EvaluateAsync("document.querySelectorAll('details').forEach(d => d.open = true), 0", Token);
        await page.UntilAsync(
            "[...document.querySelectorAll('figure details')].every(d => d.querySelectorAll('tbody tr').length > 0)", Token);
        Assert.Empty(Faults(await page.EvaluateAsync(Layout, Token)));
    }

    [Fact]
    public async Task the_theme_is_switched_by_hand_and_printing_is_light()
    {
        using var folder = new TemporaryFolder();
        await using var page = await OpenAsync(folder, Reports["plain"], 1280);
        const string Colors =
            "[getComputedStyle(document.body).backgroundColor, document.querySelector('.plot svg "
            + "text').getAttribute('fill')].join()";
        await page.EmulateAsync("", "light", Token);
        var light = (string?)await page.EvaluateAsync(Colors, Token);
        await page.PointAsync("document.getElementById('theme')", true, Token);
        Assert.Equal(light, (string?)await page.EvaluateAsync(Colors, Token));
        await page.PointAsync("document.getElementById('theme')", true, Token);
        Assert.Equal("dark", (string?)await page.EvaluateAsync("document.documentElement.dataset.theme", Token));
        Assert.NotEqual(light, (string?)await page.EvaluateAsync(Colors, Token));
        Assert.Empty(Faults(await page.EvaluateAsync(Layout, Token)));
        await page.EvaluateAsync("dispatchEvent(new Event('beforeprint')), 0", Token);
        Assert.Equal(light, (string?)await page.EvaluateAsync(Colors, Token));
        await page.EvaluateAsync("dispatchEvent(new Event('afterprint')), 0", Token);
        Assert.NotEqual(light, (string?)await page.EvaluateAsync(Colors, Token));
    }

    // What is wrong with how a page is laid out, a line each. Texts of one chart may touch, by a pixel; a fault is what a reader
    // sees.
    private const string Layout = """
        (() => {
          const faults = [];
          const wide = innerWidth;
          if (document.documentElement.scrollWidth > wide) faults.push(`the page is ${document.documentElement.scrollWidth} wide of ${wide}`);
          const open = [...document.querySelectorAll("main *, .bar *")].filter(e => !e.closest(".scroll") && !e.closest("svg") && !e.closest(".plot") && e.offsetParent);
          for (const e of open) {
            const r = e.getBoundingClientRect();
            if (r.right > wide + 1 || r.left < -1) faults.push(`<${e.tagName}> ${e.textContent.slice(0, 40)} ends at ${r.right}`);
            if (getComputedStyle(e).overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1 && !e.matches("pre, .scroll")) faults.push(`<${e.tagName} ${e.className}> is cut off`);
          }
          for (const plot of document.querySelectorAll(".plot")) {
            const box = plot.getBoundingClientRect();
            const title = plot.closest("figure").querySelector("strong").textContent;
            const texts = [...plot.querySelectorAll("svg text")].filter(t => t.textContent.trim()).map(t => ({ text: t.textContent, r: t.getBoundingClientRect() }));
            if (!texts.length) faults.push(`${title}: has no text`);
            for (const { text, r } of texts) {
              if (r.left < box.left - 1 || r.right > box.right + 1 || r.top < box.top - 1 || r.bottom > box.bottom + 1)
                faults.push(`${title}: '${text}' is cut off: ${[r.left - box.left, r.right - box.right, r.top - box.top, r.bottom - box.bottom].map(Math.round)}`);
            }
            for (let i = 0; i < texts.length; i++) {
              for (let j = i + 1; j < texts.length; j++) {
                const [a, b] = [texts[i].r, texts[j].r];
                const [w, h] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
                if (w > 1 && h > 4) faults.push(`${title}: '${texts[i].text}' and '${texts[j].text}' overlap`);
              }
            }
          }
          return faults.slice(0, 12);
        })()
        """;

    private static IEnumerable<string> Faults(JsonNode? faults) => faults!.AsArray().Select(fault => (string)fault!);

    private static double[] Numbers(JsonNode? numbers) => [.. numbers!.AsArray().Select(number => (double)number!)];

    private Task<BrowserPage> OpenAsync(TemporaryFolder folder, Action<Stream> write, int width)
    {
        using var html = new MemoryStream();
        write(html);
        return browser.OpenAsync(folder.Write("report.html", html.ToArray()), width, 900, Token);
    }

    // For one's own eyes: EMERGENCE_PICTURES=DIR keeps a picture of every page.
    private static async Task KeepPictureAsync(BrowserPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("EMERGENCE_PICTURES") is { Length: > 0 } folder)
            await File.WriteAllBytesAsync(Path.Combine(folder, $"{name}.png"), await page.PictureAsync(Token), Token);
    }
}

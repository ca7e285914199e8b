namespace Emergence.Figures;

/// <summary>The style sheet of every page.</summary>
internal static class HtmlStyle
{
    /// <summary>Lines end in \n: the page's policy names the hash of these bytes.</summary>
    public static readonly string Sheet = """

        :root { --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --shade: #f6f8fa; --ground: #fff; --link: #0550ae; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --shade: #151b23; --ground: #0d1117; --link: #79c0ff; }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
        main { max-width: 58rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: break-word; }
        h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 2em 0 0.6em; }
        h1 { margin-top: 0; font-size: 1.9rem; }
        h2 { font-size: 1.4rem; padding-bottom: 0.2em; border-bottom: 1px solid var(--line); }
        h3 { font-size: 1.15rem; }
        h4, h5, h6 { font-size: 1rem; }
        p, li { max-width: 46rem; }
        a { color: var(--link); }
        nav ul { columns: 18rem; padding-left: 1.2rem; }
        .scroll { overflow-x: auto; margin: 1.2rem 0; }
        table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
        caption { text-align: left; color: var(--soft); padding-bottom: 0.5rem; }
        th, td { padding: 0.3rem 0.7rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
        thead th { border-bottom-width: 2px; vertical-align: bottom; }
        tbody th { font-weight: normal; }
        .number { text-align: right; white-space: nowrap; }
        figure { margin: 1.5rem 0; }
        figure svg { display: block; max-width: 100%; min-width: min(100%, 34rem); height: auto; background: #fff; border-radius: 4px; }
        figcaption { max-width: 46rem; margin-top: 0.5rem; color: var(--soft); font-size: 0.9rem; }
        code, pre { font: 0.875rem/1.45 ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        pre { overflow-x: auto; padding: 0.8rem 1rem; background: var(--shade); border: 1px solid var(--line); border-radius: 4px; }
        details { margin: 1rem 0; padding: 0.5rem 0.9rem; border: 1px solid var(--line); border-radius: 4px; }
        summary { cursor: pointer; font-weight: 600; }
        @media print {
          :root { --ink: #000; --soft: #333; --line: #999; --shade: #fff; --ground: #fff; --link: #000; }
          body { font-size: 10.5pt; }
          main { max-width: none; padding: 0; }
          nav { display: none; }
          .scroll, pre { overflow: visible; }
          pre { white-space: pre-wrap; }
          h2, h3, h4 { break-after: avoid; }
          figure svg { min-width: 0; }
          figure, tr { break-inside: avoid; }
          thead { display: table-header-group; }
          details::details-content { content-visibility: visible; display: block; }
        }

        """.ReplaceLineEndings("\n");
}

// The page itself: theme, charts, their tables, and tables that sort.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const darkness = matchMedia("(prefers-color-scheme: dark)");
  const themes = ["auto", "light", "dark"];
  let theme = "auto";
  let printing = false;
  const shown = [];

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function applyTheme() {
    root.dataset.theme = printing ? "light" : theme === "auto" ? (darkness.matches ? "dark" : "light") : theme;
    document.getElementById("theme").textContent = `Theme: ${theme}`;
    shown.forEach(draw);
  }

  function swatch(entry) {
    const lines = { solid: "", dashed: "5 3" };
    const dash = Array.isArray(entry.dash) ? entry.dash.join(" ") : lines[entry.dash] ?? "";
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const draw = (name, attributes) => {
      const part = document.createElementNS("http://www.w3.org/2000/svg", name);
      Object.entries(attributes).forEach(([key, value]) => part.setAttribute(key, value));
      picture.append(part);
    };
    picture.setAttribute("width", 26);
    picture.setAttribute("height", 12);
    picture.setAttribute("aria-hidden", "true");
    if (entry.kind === "bar") draw("rect", { x: 7, y: 1, width: 10, height: 10, rx: 2, fill: entry.color });
    else {
      if (entry.kind !== "scatter") draw("line", { x1: 0, y1: 6, x2: 26, y2: 6, stroke: entry.color, "stroke-width": 2, "stroke-dasharray": dash });
      const shapes = { circle: "M13 2.5a3.5 3.5 0 1 0 .01 0z", rect: "M9.8 2.8h6.4v6.4h-6.4z", triangle: "M13 2l4.2 7.5h-8.4z", diamond: "M13 1.6l4.2 4.4-4.2 4.4-4.2-4.4z" };
      if (entry.symbol) draw("path", { d: shapes[entry.symbol], fill: entry.color });
    }
    return picture;
  }

  function drawLegend(view, env) {
    const entries = view.kind.legend?.(view.spec, env) ?? [];
    const keys = view.kind.keys?.(view.spec) ?? [];
    view.legend.replaceChildren(
      ...entries.map(entry => {
        const hidden = view.hidden.has(entry.name);
        const button = element("button", { type: "button", "aria-pressed": String(!hidden) }, swatch(entry), entry.name);
        button.addEventListener("click", () => {
          if (!view.hidden.delete(entry.name)) view.hidden.add(entry.name);
          draw(view);
        });
        return element("li", {}, button);
      }),
      ...keys.map(([what, text, ...more]) => {
        const mark = what === "line" ? swatch({ dash: more[0], color: env.color(more[1]), kind: "line" })
          : what === "box" ? swatch({ kind: "bar", color: env.color(more[0]) }) : element("span", { class: what });
        return element("li", {}, element("span", { class: "key" }, mark, text));
      }));
  }

  function draw(view) {
    const width = Math.floor(view.plot.clientWidth);
    if (width < 50) return;
    const env = environment(width);
    drawLegend(view, env);
    const height = Math.round(view.kind.height(view.spec, width));
    view.chart ??= echarts.init(view.plot, null, { renderer: "svg", width, height });
    view.plot.style.height = `${height}px`;
    view.chart.resize({ width, height });
    const option = view.kind.option(view.spec, env);
    if (option.legend) option.legend.selected = Object.fromEntries([...view.hidden].map(name => [name, false]));
    view.chart.setOption(option, { notMerge: true });
    view.width = width;
  }

  // Arrow keys walk through what a pointer would hover.
  function walk(view, event) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") view.chart.dispatchAction({ type: "hideTip" });
    if (!by) return;
    event.preventDefault();
    const stops = view.kind.stops(view.spec);
    view.at = view.at === undefined ? 0 : (view.at + by + stops.length) % stops.length;
    view.chart.dispatchAction({ type: "showTip", ...seriesOf(view, stops[view.at]) });
  }

  const seriesOf = (view, stop) => ({ dataIndex: stop.dataIndex, seriesIndex: view.chart.getOption().series.findIndex(s => s.id === stop.seriesId) });

  function tableOf({ head, rows }) {
    const numeric = head.map((_, i) => rows.length > 0 && rows.every(row => /^[−\-+]?[\d.,]+|^–$/.test(row[i])));
    const cell = (text, i) => element(i === 0 ? "th" : "td", i === 0 ? { scope: "row" } : numeric[i] ? { class: "number" } : {}, text);
    const table = element("table", {},
      element("thead", {}, element("tr", {}, ...head.map((text, i) => element("th", { scope: "col", ...(numeric[i] && i ? { class: "number" } : {}) }, text)))),
      element("tbody", {}, ...rows.map(row => element("tr", {}, ...row.map(cell)))));
    return table;
  }

  function show(figure) {
    const spec = data.charts[Number(figure.dataset.chart)];
    const view = { spec, kind: charts[spec.kind], hidden: new Set(), legend: figure.querySelector(".legend"), plot: figure.querySelector(".plot") };
    if (view.kind.tall?.(spec)) {
      const box = view.plot.parentElement;
      box.classList.add("tall");
    }
    shown.push(view);
    draw(view);
    view.plot.addEventListener("keydown", event => walk(view, event));
    view.plot.addEventListener("blur", () => view.chart?.dispatchAction({ type: "hideTip" }));
    const details = figure.querySelector("details");
    details.addEventListener("toggle", () => {
      if (details.open && !details.querySelector("table")) details.querySelector(".scroll").append(tableOf(view.kind.table(spec)));
    });
  }

  // Numbers sort as numbers, also beyond a double; what is missing comes last.
  function keyOf(text) {
    const plain = text.trim().replaceAll(",", "").replace("−", "-");
    const found = /^[+<>≤≥≈±[(]*(-?\d+\.?\d*(?:e[+-]?\d+)?)(?:×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?/.exec(plain);
    if (!found) return { number: null, text };
    const power = found[2] ? Number([...found[2]].map(c => c === "⁻" ? "-" : superscripts.indexOf(c)).join("")) : 0;
    return { number: Number(found[1]), power, text };
  }

  function compare(a, b, numeric) {
    if (!numeric) return a.text.localeCompare(b.text, "en", { numeric: true });
    if (a.number === null || b.number === null) return a.number === b.number ? 0 : 2 * (a.number === null) - 1;
    if (!a.power && !b.power) return a.number - b.number;
    // Beyond a double: first by sign, then by magnitude.
    const sign = Math.sign(a.number) - Math.sign(b.number);
    const size = key => Math.log10(Math.abs(key.number)) + key.power;
    return sign || Math.sign(a.number) * (size(a) - size(b)) || 0;
  }

  function sortable(table) {
    const heads = [...table.querySelectorAll("thead th")];
    heads.forEach((head, column) => {
      const button = element("button", { type: "button" }, ...head.childNodes);
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const numeric = head.classList.contains("number");
        const down = head.getAttribute("aria-sort") === (numeric ? "descending" : "ascending") ? !numeric : numeric;
        heads.forEach(other => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const rows = [...body.rows].map(row => [keyOf(row.cells[column].textContent), row]);
        const missing = key => numeric && key.number === null;
        rows.sort(([a], [b]) => missing(a) || missing(b) ? missing(a) - missing(b) : (down ? -1 : 1) * compare(a, b, numeric));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  document.getElementById("theme").addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    applyTheme();
  });
  darkness.addEventListener("change", applyTheme);
  applyTheme();
  document.querySelectorAll("figure[data-chart]").forEach(show);
  document.querySelectorAll("table.sortable").forEach(sortable);
  new ResizeObserver(() => shown.forEach(view => Math.floor(view.plot.clientWidth) !== view.width && draw(view))).observe(document.querySelector("main"));
  addEventListener("beforeprint", () => { printing = true; applyTheme(); });
  addEventListener("afterprint", () => { printing = false; applyTheme(); });
  // A chart in a part that was closed had no width yet.
  document.querySelectorAll("details.part").forEach(part => part.addEventListener("toggle", () => shown.forEach(draw)));
  root.dataset.ready = "true";
})();

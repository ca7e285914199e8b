// Panels of lines, points and bars, with the ranges they came from.
charts.figure = (() => {
  const panelHeight = 250;
  const symbols = ["circle", "rect", "triangle", "diamond"];
  const dashes = ["solid", [6, 3], [2, 2], [9, 3, 2, 3], [12, 4], [5, 2, 2, 2]];
  const columnsOf = (spec, width) => Math.max(1, Math.min(spec.columns, spec.panels.length, Math.floor(width / 380)));

  // On a logarithmic axis values are exponents; "zero" has no place there and is drawn a step below the least.
  const finite = v => typeof v === "number";
  function range(panel, name) {
    const values = panel.series.flatMap(s => s.points.flatMap(p => name === "x" ? [p[0]] : [p[1], p[2], p[3]])).filter(finite);
    const axis = panel[name];
    if (panel.series.some(s => s.kind === "bar") && name === "y" && !axis.log) values.push(0);
    let low = axis.min ?? Math.min(...values), high = axis.max ?? Math.max(...values);
    if (!Number.isFinite(low)) [low, high] = [0, 1];
    if (name === "y" && low === high) [low, high] = axis.log ? [low - 0.3, high + 0.3] : [low - (Math.abs(low) * 0.1 || 0.5), high + (Math.abs(high) * 0.1 || 0.5)];
    return [low, high];
  }

  function scale(panel, name, env) {
    const axis = panel[name];
    if (axis.categories.length) return { type: "category", data: axis.categories, label: v => axis.categories[v] };
    const [low, high] = range(panel, name);
    if (name === "x" && !axis.log) return { min: low, max: high, label: number };
    const marks = axis.log ? logTicks(low, high, 5) : ticks(low, high, 4);
    const zero = axis.log && panel.series.some(s => s.points.some(p => p.slice(1).includes("zero"))) ;
    const step = marks.length > 1 ? marks[1] - marks[0] : 1;
    const bottom = zero ? marks[0] - step : marks[0];
    const label = v => zero && v <= bottom + step / 1e6 ? "0" : axis.log ? axisFromLog(v) : axis.percent ? percent(v) : axisNumber(v);
    const full = v => axis.log ? fromLog(v) : axis.percent ? percent(v) : number(v);
    return { min: bottom, max: marks[marks.length - 1], marks: zero ? [bottom, ...marks] : marks, label, full, place: v => v === "zero" ? bottom : v };
  }

  function axisOption(axis, made, env, more) {
    const base = axisLook(env);
    const option = { ...base, type: made.type ?? "value", min: made.min, max: made.max, data: made.data, ...more };
    if (made.data) {
      option.axisLabel = { ...base.axisLabel, formatter: name => fit(name, 130, env) };
    } else if (made.marks) {
      option.axisTick = { ...base.axisTick, customValues: made.marks };
      option.axisLabel = { ...base.axisLabel, customValues: made.marks, formatter: made.label };
    } else if (!made.type) {
      option.axisLabel = { ...base.axisLabel, formatter: number, showMinLabel: true, showMaxLabel: true };
    }
    return option;
  }

  const styleOf = (series, i, env) => {
    const at = series.style ?? i;
    return { color: env.series[at % env.series.length], dash: dashes[at % dashes.length], symbol: symbols[at % symbols.length] };
  };

  const valueText = (panel, series, point, made) => {
    const text = series.texts?.[series.points.indexOf(point)];
    if (text) return text;
    const show = v => v === "zero" ? "0" : made.full(v);
    return show(point[1]) + (point[2] !== point[3] && point.length > 2 ? ` [${show(point[2])}, ${show(point[3])}]` : "");
  };

  function drawn(panel, index, env, made) {
    const bars = panel.series.filter(s => s.kind === "bar").length;
    return panel.series.flatMap((series, i) => {
      const style = styleOf(series, i, env);
      const id = `${index}.${i}`;
      const on = { xAxisIndex: index, yAxisIndex: index, name: series.name };
      const data = series.points.map(p => finite(p[1]) || p[1] === "zero" ? [p[0], made.place ? made.place(p[1]) : p[1]] : [p[0], null]);
      const ranged = series.points.filter(p => p.length > 2 && p[2] !== p[3]);
      const place = v => made.place ? made.place(v) : v;
      const parts = [];
      if (series.kind === "line" && ranged.length) parts.push(band(ranged, place, style, on, id));
      const main = {
        ...on, id, data, type: series.kind, color: style.color, z: 3,
        symbol: style.symbol, symbolSize: series.kind === "scatter" ? 8 : series.points.length > 40 ? 3 : 6, showAllSymbol: series.points.length <= 40,
        lineStyle: { width: 2, type: style.dash, color: style.color }, itemStyle: { color: style.color, opacity: series.kind === "scatter" ? 0.75 : 1 },
        emphasis: { disabled: series.kind === "line" }, barMaxWidth: 26,
      };
      if (i === 0 && panel.markers.length) main.markLine = markers(panel, env);
      parts.push(main);
      if (series.kind !== "line" && ranged.length) parts.push(whiskers(ranged, place, on, id, env, series.kind === "bar" ? i : 0, bars));
      return parts;
    });
  }

  function band(points, place, style, on, id) {
    return {
      ...on, id: id + ".band", type: "custom", silent: true, z: 1, tooltip: { show: false }, data: [points.flatMap(p => [p[0], place(p[2])])],
      clip: true, encode: { x: -1, y: -1 },
      renderItem: (_, api) => ({
        type: "polygon", silent: true, style: { fill: style.color, opacity: 0.16 },
        shape: { points: [...points.map(p => api.coord([p[0], place(p[3])])), ...points.toReversed().map(p => api.coord([p[0], place(p[2])]))] },
      }),
    };
  }

  function whiskers(points, place, on, id, env, at, bars) {
    return {
      ...on, id: id + ".range", type: "custom", silent: true, z: 4, tooltip: { show: false }, data: points.map(p => [p[0], place(p[2]), place(p[3])]),
      encode: { x: 0, y: [1, 2] },
      renderItem: (_, api) => {
        const shift = bars > 1 ? api.barLayout({ barMaxWidth: 26, count: bars })[at].offsetCenter : 0;
        const [low, high] = [1, 2].map(k => api.coord([api.value(0), api.value(k)]));
        const x = low[0] + shift;
        const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: env.color("soft"), lineWidth: 1.2 } });
        return { type: "group", children: [line(x, low[1], x, high[1]), line(x - 4, low[1], x + 4, low[1]), line(x - 4, high[1], x + 4, high[1])] };
      },
    };
  }

  const markers = (panel, env) => ({
    silent: true, symbol: "none", lineStyle: { color: env.color("soft"), type: "dashed" },
    label: { color: env.color("soft"), formatter: "{b}", fontSize: 11, position: "insideEndTop" }, data: panel.markers.map(m => ({ xAxis: m.x, name: m.label })),
  });

  return {
    height: (spec, width) => Math.ceil(spec.panels.length / columnsOf(spec, width)) * panelHeight,

    legend(spec, env) {
      const named = new Map();
      spec.panels.forEach(panel => panel.series.forEach((s, i) => named.has(s.name) || named.set(s.name, { ...styleOf(s, i, env), kind: s.kind })));
      return spec.panels.some(panel => panel.series.length > 1) ? [...named].map(([name, style]) => ({ name, ...style })) : [];
    },

    option(spec, env) {
      const columns = columnsOf(spec, env.width), rows = Math.ceil(spec.panels.length / columns);
      const cell = env.width / columns;
      const made = spec.panels.map(panel => ({ x: scale(panel, "x", env), y: scale(panel, "y", env) }));
      const left = 16 + widest(made.flatMap(m => (m.y.marks ?? []).map(m.y.label)), env);
      const place = i => ({ outerBoundsMode: "none", left: (i % columns) * cell + left, top: Math.floor(i / columns) * panelHeight + 34, width: cell - left - 22, height: panelHeight - 34 - 50 });
      const points = spec.panels.every(panel => panel.series.every(s => s.kind === "scatter"));
      const bars = spec.panels.some(panel => panel.x.categories.length);
      return look(env, {
        title: spec.panels.map((panel, i) => ({
          text: [panel.title, panel.y.label].filter(Boolean).join(" · "), left: (i % columns) * cell + 2, top: Math.floor(i / columns) * panelHeight + 6,
          padding: 0, textStyle: { fontSize: 13, fontWeight: 600, color: env.color("ink"), width: cell - 16, overflow: "truncate" },
        })),
        legend: { show: false },
        grid: spec.panels.map((_, i) => place(i)),
        xAxis: spec.panels.map((panel, i) => axisOption(panel.x, made[i].x, env, {
          gridIndex: i, name: panel.x.label, nameLocation: "middle", nameGap: 28, splitLine: { show: false },
          minInterval: panel.x.log || panel.x.percent ? undefined : panel.series.every(s => s.points.every(p => Number.isInteger(p[0]))) ? 1 : undefined,
        })),
        yAxis: spec.panels.map((panel, i) => axisOption(panel.y, made[i].y, env, { gridIndex: i })),
        axisPointer: points ? undefined : { link: [{ xAxisIndex: "all" }], lineStyle: { color: env.color("soft") } },
        tooltip: tooltip(env, {
          trigger: points ? "item" : "axis", axisPointer: { type: bars ? "shadow" : "line" },
          formatter: given => {
            const items = [given].flat().filter(item => item.seriesId?.split(".").length === 2);
            if (!items.length) return "";
            const of = item => item.seriesId.split(".").map(Number);
            const [panel] = of(items[0]);
            const x = items[0].value[0];
            const heading = spec.panels[panel].x.categories[x] ?? `${spec.panels[panel].x.label} ${spec.panels[panel].x.log ? fromLog(x) : number(x)}`;
            return tip(heading, items.map(item => {
              const [p, s] = of(item);
              const series = spec.panels[p].series[s];
              const title = spec.panels.length > 1 && series.name !== spec.panels[p].y.label ? `${spec.panels[p].title || spec.panels[p].y.label}, ` : "";
              return [item.color, `${title}${series.name}: ${valueText(spec.panels[p], series, series.points[item.dataIndex], made[p].y)}`];
            }));
          },
        }),
        series: spec.panels.flatMap((panel, i) => drawn(panel, i, env, { ...made[i].y })),
      });
    },

    stops: spec => spec.panels[0].series[0].points.map((_, i) => ({ seriesId: "0.0", dataIndex: i })),

    table(spec) {
      const several = spec.panels.length > 1;
      const first = spec.panels[0];
      const rows = spec.panels.flatMap(panel => {
        const made = { full: v => panel.y.log ? fromLog(v) : panel.y.percent ? percent(v) : number(v) };
        return panel.series.flatMap(series => series.points.map(p => [
          ...(several ? [panel.title || panel.y.label] : []), series.name, panel.x.categories[p[0]] ?? (panel.x.log ? fromLog(p[0]) : number(p[0])),
          p[1] === null ? "–" : valueText(panel, series, p, made)]));
      });
      return { head: [...(several ? ["panel"] : []), "series", first.x.label || "name", several ? "value" : first.y.label], rows };
    },
  };
})();

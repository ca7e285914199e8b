// Rows by columns: shares or powers of ten as colors.
charts.heat = (() => {
  const rowOf = (spec, width) => spec.rows.length > 24 && !spec.square || spec.rows.length > 60 ? 16 : spec.square ? Math.max(16, Math.min(34, (width - 150) / spec.rows.length)) : 24;
  const namesWidth = (spec, env) => Math.min(env.narrow ? 110 : 230, 20 + widest(spec.rows, env));
  const isTall = spec => spec.rows.length > 60;
  const longestColumn = 96;
  const axisRoom = spec => spec.square ? 44 + longestColumn : 46;

  function extent(spec) {
    const values = spec.cells.flat().filter(v => typeof v === "number");
    return spec.log ? [Math.min(...values), Math.max(...values)] : [0, 1];
  }

  function colorOf(spec, env) {
    if (!spec.log) return env.ramp;
    const [low, high] = extent(spec);
    return v => mix(env.color("shade"), env.color("alive"), high > low ? 0.15 + 0.85 * (v - low) / (high - low) : 1);
  }

  const show = (spec, v) => v === null ? "–" : spec.log ? fromLog(v) : percent(v);

  return {
    tall: isTall,
    height: (spec, width) => 8 + spec.rows.length * rowOf(spec, width) + axisRoom(spec),
    keys: spec => spec.log
      ? [["ramp size", `${fromLog(extent(spec)[0])} to ${fromLog(extent(spec)[1])}`]]
      : [["ramp", "dead (0%) to alive (100%)"]],

    option(spec, env) {
      const color = colorOf(spec, env);
      const names = namesWidth(spec, env);
      const data = spec.cells.flatMap((row, y) => row.map((v, x) => [x, y, v])).filter(cell => cell[2] !== null);
      const base = axisLook(env);
      const columnName = i => fit(spec.columns[i], spec.square ? longestColumn : 110, env);
      // Vertical labels need the height of a line each.
      const room = env.width - names - 14;
      const each = (spec.square ? Math.min(room, spec.columns.length * 64) : room) / spec.columns.length;
      const interval = spec.square ? Math.ceil(17 / each) - 1 : "auto";
      return look(env, {
        grid: { outerBoundsMode: "none", left: names, width: each * spec.columns.length, top: isTall(spec) ? axisRoom(spec) : 8, height: spec.rows.length * rowOf(spec, env.width) },
        xAxis: { ...base, type: "category", data: spec.columns.map((_, i) => String(i)), name: spec.columnLabel, nameLocation: "middle", nameGap: axisRoom(spec) - 18, position: isTall(spec) ? "top" : "bottom",
          axisLabel: { ...base.axisLabel, interval, formatter: columnName, rotate: spec.square ? 90 : 0 }, splitLine: { show: false } },
        yAxis: { ...base, type: "category", inverse: true, data: spec.rows.map((_, i) => String(i)), splitLine: { show: false }, axisTick: { show: false },
          axisLabel: { ...base.axisLabel, interval: 0, formatter: i => fit(spec.rows[i], names - 14, env) } },
        tooltip: tooltip(env, {
          trigger: "item",
          formatter: item => tip(spec.rows[item.value[1]], [["", `${spec.columnLabel} ${spec.columns[item.value[0]]}`], [color(item.value[2]), `${spec.valueLabel}: ${show(spec, item.value[2])}`]]),
        }),
        series: [{
          id: "cells", type: "custom", data, encode: { x: 0, y: 1 }, clip: true,
          renderItem: (_, api) => {
            const [x, y] = api.coord([api.value(0), api.value(1)]);
            const [width, height] = api.size([1, 1]);
            const gap = width > 8 ? 1 : 0;
            return { type: "rect", shape: { x: x - width / 2, y: y - height / 2, width: width - gap + (gap ? 0 : 0.3), height: height - 1 }, style: { fill: color(api.value(2)) },
              emphasis: { style: { stroke: env.color("ink"), lineWidth: 1.5 } } };
          },
        }],
      });
    },

    stops: spec => spec.cells.flat().filter(v => v !== null).map((_, i) => ({ seriesId: "cells", dataIndex: i })),

    table: spec => ({
      head: [spec.rowLabel, ...spec.columns.map(c => `${spec.columnLabel} ${c}`)],
      rows: spec.rows.map((name, y) => [name, ...spec.cells[y].map(v => show(spec, v))]),
    }),
  };
})();

// Per layer a strip of its nodes by activation: how many in each bin, dead ones left of the line at θ.
charts.strips = (() => {
  const rowOf = spec => spec.rows.length > 24 ? 26 : 34, top = 52;
  const namesWidth = (spec, env) => Math.min(env.narrow ? 110 : 230, 20 + widest(spec.rows.map(r => r.name), env));
  const side = (spec, bin) => bin < spec.threshold ? "dead" : "alive";
  const between = (spec, bin) => spec.bins[bin];

  const bars = spec => spec.rows.flatMap((r, y) => r.counts.map((count, x) => [x, y, count])).filter(bar => bar[2] > 0);

  return {
    tall: spec => spec.rows.length > 40,
    height: spec => top + spec.rows.length * rowOf(spec) + 6,
    keys: spec => [["box", "dead", "dead"], ["box", "alive", "alive"], ["line", spec.thresholdText, "solid", "ink"]],

    option(spec, env) {
      const names = namesWidth(spec, env), row = rowOf(spec);
      const base = axisLook(env);
      const most = spec.rows.map(r => Math.max(...r.counts, 1));
      const edge = x => spec.edges[x] ?? "";
      return look(env, {
        grid: { outerBoundsMode: "none", left: names, right: 18, top, height: spec.rows.length * rowOf(spec) },
        xAxis: { ...base, type: "value", position: "top", min: 0, max: spec.bins.length, interval: 1, name: spec.label, nameLocation: "middle", nameGap: 26, splitLine: { show: false },
          axisTick: { ...base.axisTick, customValues: spec.marks }, axisLabel: { ...base.axisLabel, customValues: spec.marks, formatter: x => x === spec.threshold ? `{here|${edge(x)}}` : edge(x), rich: { here: { fontWeight: "bold", color: env.color("ink") } } } },
        yAxis: { ...base, type: "category", inverse: true, data: spec.rows.map((_, i) => String(i)), axisTick: { show: false }, splitLine: { show: true, lineStyle: { color: env.color("line") } },
          axisLabel: { ...base.axisLabel, interval: 0, formatter: i => fit(spec.rows[i].name, names - 14, env) } },
        tooltip: tooltip(env, {
          trigger: "item",
          formatter: item => {
            const [x, y, count] = item.value;
            const which = spec.rows[y].nodes[x];
            return tip(spec.rows[y].name, [[env.color(side(spec, x)), `${number(count)} ${side(spec, x)}, ${between(spec, x)}`], ...(which ? [["", `index ${which}`]] : [])]);
          },
        }),
        series: [{
          id: "bins", type: "custom", data: bars(spec), encode: { x: 0, y: 1 },
          renderItem: (_, api) => {
            const [x, y, count] = [0, 1, 2].map(i => api.value(i));
            const [left, middle] = api.coord([x, y]);
            const [width] = api.size([1, 1]);
            const height = Math.max(3, (row - 8) * Math.sqrt(count / most[y]));
            return { type: "rect", shape: { x: left + 0.5, y: middle + row / 2 - 2 - height, width: Math.max(1, width - 1), height }, style: { fill: env.color(side(spec, x)) },
              emphasis: { style: { stroke: env.color("ink"), lineWidth: 1.5 } } };
          },
          markLine: { silent: true, symbol: "none", lineStyle: { color: env.color("ink"), type: "solid", width: 1 }, data: [{ xAxis: spec.threshold }], label: { show: false } },
        }],
      });
    },

    stops: spec => bars(spec).map((_, i) => ({ seriesId: "bins", dataIndex: i })),

    table: spec => ({
      head: ["layer", "dead nodes", "index of the dead"],
      rows: spec.rows.map(r => [r.name, number(r.counts.slice(0, spec.threshold).reduce((a, b) => a + b, 0)), r.dead || "–"]),
    }),
  };
})();

// What moved a number at each step: bars up and down that add to 100 % of all movement of the step.
charts.steps = {
  height: () => 330,
  legend: (spec, env) => spec.parts.map((part, i) => ({ name: part, color: env.series[(i + 1) % env.series.length], symbol: "rect", kind: "bar" })),
  option(spec, env) {
    const base = axisLook(env);
    const color = i => env.series[(i + 1) % env.series.length];
    return look(env, {
      legend: { show: false },
      grid: { outerBoundsMode: "none", left: 58, right: 14, top: 12, bottom: 46 },
      xAxis: { ...base, type: "category", data: spec.steps.map(s => s.name), name: spec.label, nameLocation: "middle", nameGap: 28, axisLine: { onZero: true, lineStyle: { color: env.color("soft") } },
        axisLabel: { ...base.axisLabel, onZero: false }, splitLine: { show: false } },
      yAxis: { ...base, type: "value", min: -1, max: 1, interval: 0.5, axisLabel: { ...base.axisLabel, formatter: percent } },
      tooltip: tooltip(env, {
        trigger: "axis", axisPointer: { type: "shadow" },
        formatter: items => {
          const step = spec.steps[items[0].dataIndex];
          return tip(step.heading, items.filter(item => item.value).map(item => [item.color, `${item.seriesName}: ${step.texts[item.seriesIndex]}`]));
        },
      }),
      series: spec.parts.map((part, i) => ({
        id: String(i), type: "bar", stack: "all", name: part, color: color(i), barMaxWidth: 40, barCategoryGap: "20%", data: spec.steps.map(step => step.shares[i] || null),
        itemStyle: { borderColor: env.color("panel"), borderWidth: 0.5 },
      })),
    });
  },
  stops: spec => spec.steps.map((_, i) => ({ seriesId: "0", dataIndex: i })),
  table: spec => ({
    head: [spec.label, "all", ...spec.parts],
    rows: spec.steps.map(step => [step.name, step.heading, ...step.texts.map(text => text || "–")]),
  }),
};

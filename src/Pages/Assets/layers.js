// The layer graph as a list: one row a layer, arcs where one feeds another, a bar for the share of its nodes that are alive.
// It needs no layout, so that a network of 150 layers reads like one of 3.
charts.layers = (() => {
  const rowOf = spec => spec.layers.length > 60 ? 20 : 26;
  const top = 8;
  const share = layer => layer.nodes ? layer.alive / layer.nodes : 0;
  // Room for arcs, names and counts; what is left is for the bars.
  function sizes(spec, env) {
    const longest = texts => 24 + widest(texts, env);
    const reach = Math.max(1, ...spec.edges.map(edge => edge[1] - edge[0]));
    return {
      arcs: Math.min(env.narrow ? 46 : 120, 26 + 11 * Math.sqrt(reach - 1)),
      names: Math.min(env.narrow ? 128 : 300, longest(spec.layers.map(layer => layer.name))),
      count: Math.min(env.narrow ? 62 : 150, longest(spec.layers.map(layer => countText(layer, env)))),
    };
  }

  const countText = (layer, env) => env.narrow ? percent(Math.round(share(layer) * 1000) / 1000) : `${number(layer.alive)} / ${number(layer.nodes)}`;
  const kinds = { dense: "solid", identity: "dashed" };

  function link(edge, spec, env) {
    const span = edge[1] - edge[0];
    const width = Math.min(sizes(spec, env).arcs - 14, 5 + 11 * Math.sqrt(span - 1));
    return {
      source: String(edge[0]), target: String(edge[1]),
      lineStyle: { type: kinds[edge[2]], width: 1.4, color: env.color(edge[2] === "identity" ? "dead" : "soft"), opacity: span > 1 ? 0.75 : 1,
        curveness: span > 1 ? -2 * width / (span * rowOf(spec)) : 0 },
    };
  }

  function about(spec, i) {
    const layer = spec.layers[i];
    const names = edges => edges.length > 6 ? `${edges.slice(0, 6).join(", ")} and ${edges.length - 6} more` : edges.join(", ") || "–";
    return tip(layer.name, [
      ["", layer.detail], ["", `${number(layer.alive)} of ${number(layer.nodes)} nodes alive (${percent(share(layer))})`],
      ...layer.facts.map(fact => ["", fact]),
      ["", `from: ${names(spec.edges.filter(e => e[1] === i).map(e => spec.layers[e[0]].name))}`],
      ["", `to: ${names(spec.edges.filter(e => e[0] === i).map(e => spec.layers[e[1]].name))}`],
    ]);
  }

  return {
    tall: spec => spec.layers.length > 60,
    height: spec => top * 2 + spec.layers.length * rowOf(spec),
    keys: spec => [["ramp", "dead to alive"], ["line", "feeds all nodes", "solid", "soft"],
      ...(spec.edges.some(e => e[2] === "identity") ? [["line", "node by node (skip)", "dashed", "dead"]] : [])],

    option(spec, env) {
      const { arcs, names, count } = sizes(spec, env);
      const categories = spec.layers.map(layer => layer.name);
      const y = more => ({ type: "category", inverse: true, data: categories.map((_, i) => String(i)), axisLine: { show: false }, axisTick: { show: false }, ...more });
      const grid = { outerBoundsMode: "none", top, bottom: top };
      return look(env, {
        grid: [{ ...grid, left: 4, width: arcs - 8 }, { ...grid, left: arcs + names, right: count }],
        xAxis: [{ gridIndex: 0, min: 0, max: 1, show: false }, { gridIndex: 1, min: 0, max: 1, show: false }],
        yAxis: [
          y({ gridIndex: 0, show: false }),
          y({ gridIndex: 1, axisLabel: { color: env.color("ink"), fontSize: 12, interval: 0, align: "left", margin: names - 4,
            formatter: i => fit(categories[i], names - 14, env) } }),
        ],
        tooltip: tooltip(env, {
          trigger: "item",
          formatter: item => item.dataType === "edge" ? tip(`${categories[item.data.source]} → ${categories[item.data.target]}`, [["", item.data.what]]) : about(spec, item.dataIndex),
        }),
        series: [
          {
            id: "graph", type: "graph", coordinateSystem: "cartesian2d", xAxisIndex: 0, yAxisIndex: 0, symbolSize: 9, z: 3,
            emphasis: { focus: "adjacency", scale: 1.3, lineStyle: { width: 3 } },
            data: spec.layers.map((layer, i) => ({ id: String(i), name: layer.name, value: [0.94, i], itemStyle: { color: env.ramp(share(layer)), borderColor: env.color("soft"), borderWidth: 1 } })),
            links: spec.edges.map(edge => ({ ...link(edge, spec, env), what: edge[2] === "identity" ? "node by node" : "every node feeds every node" })),
          },
          {
            id: "bars", type: "bar", xAxisIndex: 1, yAxisIndex: 1, barWidth: rowOf(spec) - 10, showBackground: true,
            backgroundStyle: { color: env.color("shade") },
            data: spec.layers.map(layer => ({ value: share(layer), itemStyle: { color: env.ramp(share(layer)) } })),
          },
          {
            // Counts stand in a column of their own, whatever the bars are.
            id: "counts", type: "custom", xAxisIndex: 1, yAxisIndex: 1, silent: true, clip: false, tooltip: { show: false },
            data: spec.layers.map((_, i) => [1, i]), encode: { x: 0, y: 1 },
            renderItem: (params, api) => {
              const layer = spec.layers[params.dataIndex];
              const [, middle] = api.coord([1, params.dataIndex]);
              return { type: "text", x: env.width - 6, y: middle, style: { text: countText(layer, env), fill: env.color("soft"), font: `12px ${env.font}`, textAlign: "right", textVerticalAlign: "middle" } };
            },
          },
        ],
      });
    },

    stops: spec => spec.layers.map((_, i) => ({ seriesId: "bars", dataIndex: i })),

    table: spec => ({
      head: ["layer", "what", "alive", "nodes", "share", "fed by"],
      rows: spec.layers.map((layer, i) => [
        layer.name, layer.detail, number(layer.alive), number(layer.nodes), percent(share(layer)),
        spec.edges.filter(e => e[1] === i).map(e => spec.layers[e[0]].name + (e[2] === "identity" ? " (node by node)" : "")).join(", ") || "–"]),
    }),
  };
})();

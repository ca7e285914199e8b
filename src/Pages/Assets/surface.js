// Heights over a plane, seen from above: colors, lines of equal height, and a path.
charts.surface = (() => {
  const bands = 12, largest = 460, above = 12, below = 54;
  const finite = spec => spec.cells.flat().filter(v => v !== null);
  const axisWidth = (spec, env) => 34 + widest(ticks(spec.y[0], spec.y.at(-1), 5).map(axisNumber), env);
  const sideOf = (spec, width) => Math.min(largest, Math.max(120, width - 130));

  // Equal ratios where equal steps would leave the valley one color.
  function scaleOf(spec) {
    const all = finite(spec);
    const least = all.reduce((a, b) => Math.min(a, b), Infinity), most = all.reduce((a, b) => Math.max(a, b), -Infinity);
    const log = least > 0 && most / least > 10;
    const place = v => log ? Math.log(v) : v;
    const low = place(least), span = place(most) - low;
    return {
      least, most, part: v => span > 0 ? (place(v) - low) / span : 0,
      levels: span > 0 ? Array.from({ length: bands - 1 }, (_, i) => low + span * (i + 1) / bands).map(v => log ? Math.exp(v) : v) : [],
    };
  }

  const colorOf = (scale, env) => v => mix(env.color("alive"), env.color("shade"), scale.part(v));

  /** Segments of one height, as marching squares make them, in units of columns and rows. */
  function segments(cells, level) {
    const found = [];
    for (let row = 0; row + 1 < cells.length; row++) {
      for (let column = 0; column + 1 < cells[row].length; column++) {
        const corners = [[column, row], [column + 1, row], [column + 1, row + 1], [column, row + 1]];
        const heights = corners.map(([x, y]) => cells[y][x]);
        if (heights.includes(null)) continue;
        let cuts = corners.flatMap(([x, y], i) => {
          const j = (i + 1) % 4;
          if (heights[i] >= level === heights[j] >= level) return [];
          const t = (level - heights[i]) / (heights[j] - heights[i]);
          return [[x + t * (corners[j][0] - x), y + t * (corners[j][1] - y)]];
        });
        // Over a saddle there are two lines. They leave those opposite corners joined that are on the side of the middle.
        const middle = heights.reduce((a, b) => a + b) / 4;
        if (cuts.length === 4 && middle >= level !== heights[0] >= level) cuts = [...cuts.slice(1), cuts[0]];
        for (let i = 0; i + 1 < cuts.length; i += 2) found.push([cuts[i], cuts[i + 1]]);
      }
    }
    return found;
  }

  const between = (places, at) => {
    const low = Math.min(Math.floor(at), places.length - 2);
    return places[low] + (at - low) * (places[low + 1] - places[low]);
  };

  const cellsOf = spec => spec.cells.flatMap((row, y) => row.map((v, x) => [spec.x[x], spec.y[y], v])).filter(cell => cell[2] !== null);

  return {
    height: (spec, width) => above + sideOf(spec, width) + below,

    keys: spec => {
      const { least, most } = scaleOf(spec);
      const range = finite(spec).length ? [["ramp depth", `${spec.heightLabel} ${number(least)} to ${number(most)}`]] : [];
      return spec.path.length > 1 ? [...range, ["line", "path, to the last checkpoint", "solid", "dead"]] : range;
    },

    option(spec, env) {
      const scale = scaleOf(spec), color = colorOf(scale, env);
      const side = sideOf(spec, env.width);
      const base = axisLook(env);
      const axis = (places, label, gap) => ({ ...base, type: "value", min: places[0], max: places.at(-1), name: label, nameLocation: "middle", nameGap: gap, splitLine: { show: false },
        splitNumber: 4, axisLabel: { ...base.axisLabel, showMinLabel: false, showMaxLabel: false, formatter: axisNumber },
        nameTextStyle: { ...base.nameTextStyle, width: side, overflow: "truncate" } });
      const step = places => (places.at(-1) - places[0]) / (places.length - 1);
      return look(env, {
        grid: { outerBoundsMode: "none", left: axisWidth(spec, env), width: side, top: above, height: side },
        xAxis: axis(spec.x, spec.xLabel, 28),
        yAxis: axis(spec.y, spec.yLabel, axisWidth(spec, env) - 18),
        tooltip: tooltip(env, {
          trigger: "item",
          formatter: item => item.seriesId === "path"
            ? tip(spec.path[item.dataIndex].name, [["", `${number(item.value[0])}, ${number(item.value[1])}`]])
            : tip(`${spec.heightLabel} ${number(item.value[2])}`, [[color(item.value[2]), `at ${number(item.value[0])}, ${number(item.value[1])}`]]),
        }),
        series: [
          {
            id: "cells", type: "custom", data: cellsOf(spec), encode: { x: 0, y: 1 }, clip: true, z: 1,
            renderItem: (_, api) => {
              const [x, y] = api.coord([api.value(0), api.value(1)]);
              const [width, height] = api.size([step(spec.x), step(spec.y)]);
              // A little too large, as gaps would show between cells that only touch.
              return { type: "rect", shape: { x: x - width / 2, y: y - height / 2, width: width + 0.3, height: height + 0.3 }, style: { fill: color(api.value(2)) },
                emphasis: { style: { stroke: env.color("ink"), lineWidth: 1.5 } } };
            },
          },
          {
            id: "lines", type: "custom", data: scale.levels, encode: { x: -1, y: -1 }, silent: true, clip: true, z: 2, tooltip: { show: false },
            renderItem: (item, api) => {
              const found = segments(spec.cells, scale.levels[item.dataIndex]).map(ends => ends.map(([x, y]) => api.coord([between(spec.x, x), between(spec.y, y)]).map(p => p.toFixed(1)).join(" ")).join("L"));
              return found.length && { type: "path", silent: true, shape: { pathData: found.map(line => `M${line}`).join("") }, style: { fill: "none", stroke: env.color("ink"), lineWidth: 0.7, opacity: 0.5 } };
            },
          },
          {
            id: "path", type: "line", data: spec.path.map((place, i) => ({ value: [place.x, place.y], symbolSize: i === spec.path.length - 1 ? 11 : 6 })), z: 4, clip: false,
            symbol: "circle", showAllSymbol: true, lineStyle: { width: 2, color: env.color("dead") },
            itemStyle: { color: env.color("dead"), borderColor: env.color("panel"), borderWidth: 1 },
          },
        ],
      });
    },

    stops: spec => [
      ...spec.path.map((_, i) => ({ seriesId: "path", dataIndex: i })),
      ...cellsOf(spec).map((_, i) => ({ seriesId: "cells", dataIndex: i })),
    ],

    table: spec => ({
      head: [`${spec.yLabel} \\ ${spec.xLabel}`, ...spec.x.map(number)],
      rows: spec.cells.map((row, y) => [number(spec.y[y]), ...row.map(number)]),
    }),
  };
})();

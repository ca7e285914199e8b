"use strict";
// What all charts share. Each chart is an object: height(spec, width), option(spec, env), table(spec), and what it needs besides.
const charts = {};

/** Colors and sizes of the theme that is on: charts read them again whenever it changes. */
function environment(width) {
  const style = getComputedStyle(document.documentElement);
  const color = name => style.getPropertyValue("--" + name).trim();
  return {
    width, narrow: width < 560, color, series: color("series").split(/\s+/),
    font: getComputedStyle(document.body).fontFamily,
    ramp: share => mix(share < 0.5 ? color("dead") : color("middle"), share < 0.5 ? color("middle") : color("alive"), share < 0.5 ? share * 2 : share * 2 - 1),
  };
}

function mix(from, to, t) {
  const parts = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
  const [a, b] = [parts(from), parts(to)];
  return `rgb(${a.map((x, i) => Math.round(x + (b[i] - x) * t)).join(",")})`;
}

// Names come from files: nothing of them may be read as markup.
const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escapeHtml = text => String(text).replace(/[&<>"']/g, c => escapes[c]);

/** A tooltip: a heading and lines of [mark, text]; all of them plain text. */
function tip(heading, lines) {
  const body = lines.map(([mark, text]) => `<div>${mark ? `<span style="color:${mark}">●</span> ` : ""}${escapeHtml(text)}</div>`).join("");
  return `<div class="tip"><b>${escapeHtml(heading)}</b>${body}</div>`;
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const superscript = n => (n < 0 ? "⁻" : "") + String(Math.abs(n)).replace(/\d/g, d => superscripts[d]);

/** A number for people. */
function number(x) {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  const size = Math.abs(x);
  if (size !== 0 && (size >= 1e15 || size < 1e-4)) return fromLog(Math.log10(size), x < 0);
  return x.toLocaleString("en-US", { maximumSignificantDigits: size >= 1e6 ? 15 : 5 }).replace("-", "−");
}

/** The number whose decimal logarithm is given; it may be far beyond a double. From 10^most on as a power of ten. */
function fromLog(log, negative = false, most = 15) {
  if (log >= -4 && log < most) return number((negative ? -1 : 1) * Number((10 ** log).toPrecision(6)));
  const exponent = Math.floor(log + 1e-9);
  return `${negative ? "−" : ""}${(10 ** (log - exponent)).toFixed(2).replace(/\.?0+$/, "")}×10${superscript(exponent)}`;
}

// On an axis there is no room for many digits.
const axisFromLog = log => fromLog(log, false, 6.999).replace(/^1×/, "");
const axisNumber = x => Math.abs(x) >= 1e7 ? fromLog(Math.log10(Math.abs(x)), x < 0, 0) : number(x);

const percent = x => x === null || x === undefined ? "–" : `${(x * 100).toLocaleString("en-US", { maximumFractionDigits: 2 })}%`;

const measurer = document.createElement("canvas").getContext("2d");

/** How wide a text is, in pixels. */
function textWidth(text, env, size = 12) {
  measurer.font = `${size}px ${env.font}`;
  return Math.ceil(measurer.measureText(text).width);
}

const widest = (texts, env) => texts.reduce((most, text) => Math.max(most, textWidth(text, env)), 0);

/** A name that is too long, without what tells it least from others: the operator that ends a path, then its middle. */
function fit(whole, pixels, env) {
  if (textWidth(whole, env) <= pixels) return whole;
  const path = whole.split("/").filter(part => part);
  const name = path.length > 2 ? path.slice(0, -1).join("/") : whole;
  if (textWidth(name, env) <= pixels) return name;
  for (let kept = Math.min(name.length - 1, Math.ceil(pixels / 4)); kept > 2; kept--) {
    const tail = Math.ceil(kept * 0.6);
    const text = `${name.slice(0, kept - tail)}…${name.slice(-tail)}`;
    if (textWidth(text, env) <= pixels) return text;
  }
  return "…";
}

/** Round steps that cover a range with about `count` ticks. */
function ticks(low, high, count) {
  const rough = (high - low) / count || Math.abs(low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(x => x * power).find(x => x >= rough * 0.999);
  const values = [];
  for (let i = Math.floor(low / step + 1e-9); i * step < high + step * 0.999; i++) values.push(Number((i * step).toPrecision(12)));
  return values;
}

/** Ticks of a logarithmic axis, as exponents: decades where there are several, else 1, 2, 5 or round steps between them. */
function logTicks(low, high, count) {
  if (high - low >= 2) {
    const step = Math.max(1, Math.ceil((high - low) / count));
    const values = [];
    for (let e = Math.floor(low + 1e-9); e < high + step - 1e-9; e += step) values.push(e);
    return values;
  }
  if (Math.abs(low) > 14) return ticks(low, high, 3);
  const [from, to] = [10 ** low, 10 ** high];
  const steps = to / from > 4
    ? [...Array(8).keys()].flatMap(i => [1, 2, 5].map(x => x * 10 ** (Math.floor(low) - 1 + i)))
    : ticks(from, to, count).filter(x => x > 0);
  const first = Math.max(0, steps.findLastIndex(x => x <= from * 1.0001));
  const last = steps.findIndex(x => x >= to * 0.9999);
  return steps.slice(first, last < 0 ? undefined : last + 1).map(Math.log10);
}

/** What tooltips of every chart look like. */
function tooltip(env, more) {
  return {
    confine: true, backgroundColor: env.color("panel"), borderColor: env.color("line"), padding: [6, 10],
    textStyle: { color: env.color("ink"), fontSize: 13 }, extraCssText: "box-shadow:0 2px 10px rgb(0 0 0/.18);", ...more,
  };
}

// Room for labels is made by each chart: none is moved.
const axisLook = env => ({
  nameMoveOverlap: false,
  axisLine: { lineStyle: { color: env.color("line") } },
  axisTick: { lineStyle: { color: env.color("line") } },
  axisLabel: { color: env.color("soft"), fontSize: 12, hideOverlap: true },
  nameTextStyle: { color: env.color("soft"), fontSize: 12 },
  splitLine: { lineStyle: { color: env.color("line"), opacity: 0.7 } },
});

const look = (env, option) => ({ animation: false, textStyle: { fontFamily: env.font, color: env.color("ink") }, ...option });

/* Charts from a JSON element beside them: bar, stack, line, funnel. SVG, colours from the tokens, redrawn on a change
   of theme, described for those who do not see them; the table behind stands in the page. */
import * as echarts from "../vendor/echarts/echarts.esm.min.mjs";
import { all } from "./dom.js";

const lang = document.documentElement.lang || "en";
const drawn = new Map();

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const paint = (color) => token(`--data-${color ?? 1}`) || token("--data-1");

function formats(unit) {
  const money = /^[A-Z]{3}$/.test(unit || "");
  const style = money ? { style: "currency", currency: unit } : {};
  const long = new Intl.NumberFormat(lang, { ...style, maximumFractionDigits: money ? 0 : 1 });
  const short = new Intl.NumberFormat(lang, { ...style, notation: "compact", maximumFractionDigits: 1 });
  const tail = unit && !money ? ` ${unit}` : "";
  return { long: (n) => (n === null || n === undefined ? "–" : long.format(n) + tail), short: (n) => short.format(n) + tail };
}

function base(spec, text) {
  return {
    animation: false,
    textStyle: text,
    aria: { enabled: true },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: spec.kind === "line" ? "line" : "shadow" },
      valueFormatter: formats(spec.unit).long,
      backgroundColor: token("--bg-raised"),
      borderColor: token("--line"),
      textStyle: { ...text, color: token("--ink-2"), fontSize: 12 },
      confine: true,
    },
  };
}

function mark(spec, text) {
  if (!spec.mark) return {};
  return {
    markLine: {
      symbol: "none",
      silent: true,
      data: [{ yAxis: spec.mark.value }],
      lineStyle: { color: token("--ink-3"), type: "solid", width: 1 },
      label: { position: spec.mark.at === "end" ? "insideEndTop" : "insideStartTop", formatter: `${spec.mark.label} ${formats(spec.unit).long(spec.mark.value)}`, ...text },
    },
  };
}

function series(spec, one, index, text) {
  const color = paint(one.color ?? index + 1);
  const common = { name: one.name, data: one.values, itemStyle: { color }, ...(index === 0 ? mark(spec, text) : {}) };
  if (spec.kind === "line") {
    const dash = one.dash ? { type: [4, 4] } : {};
    const area = one.area ? { areaStyle: { color, opacity: 0.08 } } : {};
    return { ...common, type: "line", symbol: "circle", symbolSize: 4, showSymbol: one.values.length < 2, lineStyle: { color, width: 2, ...dash }, ...area };
  }
  const label = spec.series.length === 1 && one.values.length <= 12;
  return {
    ...common,
    type: "bar",
    stack: spec.kind === "stack" ? "all" : undefined,
    barMaxWidth: 48,
    labelLayout: { hideOverlap: true },
    itemStyle: { color, borderRadius: spec.kind === "stack" ? 0 : 2 },
    label: { show: label, position: "top", fontSize: 11, fontWeight: 500, color: token("--ink"), formatter: ({ value }) => (value ? formats(spec.unit).short(value) : "") },
  };
}

/** The axis reaches up to the mark, be it ever so far away: a line that cannot be seen says nothing. */
function reach(spec) {
  const mark = Number(spec.mark?.value ?? 0);
  if (!(mark > 0)) return {};
  const step = 10 ** Math.floor(Math.log10(mark)) / 2;
  return { max: ({ max }) => (mark > max ? Math.ceil((mark * 1.04) / step) * step : null) };
}

function axes(spec, text) {
  const many = spec.series.length > 1;
  return {
    grid: { left: 8, right: 20, top: many ? 36 : 24, bottom: 4, containLabel: true },
    legend: many ? { top: 0, left: 0, icon: "rect", itemWidth: 10, itemHeight: 10, textStyle: { ...text, fontSize: 12 } } : undefined,
    xAxis: {
      type: "category",
      data: spec.labels,
      boundaryGap: spec.kind !== "line",
      axisLine: { lineStyle: { color: token("--line-strong") } },
      axisTick: { show: false },
      axisLabel: { ...text, hideOverlap: true, ...(spec.kind === "line" && { alignMinLabel: "left", alignMaxLabel: "right" }) },
    },
    yAxis: { type: "value", ...reach(spec), axisLabel: { ...text, formatter: formats(spec.unit).short }, splitLine: { lineStyle: { color: token("--data-grid") } } },
    series: spec.series.map((one, index) => series(spec, one, index, text)),
  };
}

/** A funnel as bars from the left: lengths compare, slanted sides do not. */
function funnel(spec, text) {
  const values = spec.series[0].values;
  return {
    grid: { left: 8, right: 56, top: 4, bottom: 4, containLabel: true },
    xAxis: { type: "value", show: false, max: Math.max(...values, 1) },
    yAxis: { type: "category", inverse: true, data: spec.labels, axisLine: { show: false }, axisTick: { show: false }, axisLabel: { ...text, fontSize: 12, color: token("--ink-2") } },
    series: [{
      name: spec.series[0].name,
      type: "bar",
      data: values,
      barCategoryGap: "24%",
      itemStyle: { color: paint(spec.series[0].color ?? 1), borderRadius: 2 },
      label: {
        show: true,
        position: "right",
        color: token("--ink"),
        fontWeight: 500,
        formatter: ({ value, dataIndex }) => {
          const before = values[dataIndex - 1];
          return formats(spec.unit).long(value) + (before ? `  {p|${Math.round((100 * value) / before)} %}` : "");
        },
        rich: { p: { color: token("--ink-3"), fontSize: 11 } },
      },
    }],
  };
}

function draw(box) {
  const source = document.getElementById(box.dataset.chart);
  if (!source) return;
  const spec = JSON.parse(source.textContent);
  // Decimals arrive as text, so that nothing is rounded on the way.
  for (const one of spec.series) one.values = one.values.map((value) => (value === null ? null : Number(value)));
  const text = { fontFamily: token("--font"), fontSize: 11, color: token("--ink-3") };
  drawn.get(box)?.dispose();
  const chart = echarts.init(box, null, { renderer: "svg", locale: lang.slice(0, 2).toUpperCase() });
  chart.setOption({ ...base(spec, text), ...(spec.kind === "funnel" ? funnel(spec, text) : axes(spec, text)) });
  if (box.dataset.label) box.setAttribute("aria-label", box.dataset.label);
  box.setAttribute("role", "img");
  if (spec.urls) {
    chart.on("click", ({ dataIndex }) => spec.urls[dataIndex] && window.location.assign(spec.urls[dataIndex]));
  }
  drawn.set(box, chart);
}

function drawAll() {
  for (const box of all("[data-chart]")) draw(box);
}

drawAll();
new ResizeObserver(() => drawn.forEach((chart) => chart.resize())).observe(document.body);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
document.addEventListener("htmx:afterSettle", (event) => {
  for (const box of all("[data-chart]", event.target)) if (!drawn.has(box)) draw(box);
});

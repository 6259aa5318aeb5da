// Line plots as SVG, with few numbers at the axes.

import { h, s } from "./dom.js";

const WIDTH = 360;
const HEIGHT = 120;
const LEFT = 58;
const BOTTOM = 16;
const TOP = 8;

// The end of an axis for these values: rounded up to 1, 2, 5 or 10 times a power of ten.
export function scaleOf(values) {
  const highest = Math.max(...values, 0);
  if (highest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= highest);
}

// `series`: [{name, points: [[x, y], ...]}]. `format` formats y values, `formatX` x values. `top` is the end of the y axis.
export function linePlot(series, { label, format = String, formatX = String, from, to, top = null, dots = false }) {
  const all = series.flatMap((each) => each.points);
  const xs = all.map(([x]) => x);
  const [first, last] = [from ?? Math.min(...xs, 0), to ?? Math.max(...xs, 1)];
  const highest = top ?? scaleOf(all.filter(([x]) => x >= first).map(([, y]) => y));
  const px = (x) => LEFT + ((x - first) / (last - first || 1)) * (WIDTH - LEFT - 6);
  const py = (y) => HEIGHT - BOTTOM - (y / highest) * (HEIGHT - BOTTOM - TOP);
  const lines = series.map(({ points }, index) => {
    const shown = points.filter(([x]) => x >= first);
    const path = shown.map(([x, y], place) => `${place ? "L" : "M"}${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join("");
    const marks = dots ? shown.map(([x, y]) => s("circle", { cx: px(x), cy: py(y), r: 2.5, fill: "currentColor", class: `c${index}` })) : [];
    return [s("path", { d: path || "M0 0", class: `c${index}` }), marks];
  });
  const picture = s("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
    s("line", { class: "axis", x1: LEFT, x2: WIDTH, y1: py(0), y2: py(0) }),
    s("line", { class: "axis", x1: LEFT, x2: WIDTH, y1: py(highest), y2: py(highest), "stroke-dasharray": "2 4" }),
    s("text", { x: LEFT - 5, y: py(highest) + 4, "text-anchor": "end" }, format(highest)),
    s("text", { x: LEFT - 5, y: py(0), "text-anchor": "end" }, format(0)),
    s("text", { x: LEFT, y: HEIGHT - 3 }, formatX(first)),
    s("text", { x: WIDTH - 2, y: HEIGHT - 3, "text-anchor": "end" }, formatX(last)),
    lines.flat(2));
  const named = series.filter((each) => each.name);
  const legend = h("div", { className: "legend" }, named.map((each) => h("span", { className: `c${series.indexOf(each)}` }, each.name)));
  return h("div", {}, picture, named.length ? legend : null);
}

// Line plots as SVG: a title, axes with marks, and the values at the place of the pointer or of the arrow keys.

import { h, s, set, setText } from "./dom.js";
import { formatCount } from "./format.js";
import { ago, nearest, placesOf, ticks, timeTicks, valueAt, valueTicks } from "./plot_scale.js";

const WIDTH = 360;
const HEIGHT = 132;
const LEFT = 70;
const RIGHT = 10;
const BOTTOM = 18;
const TOP = 8;

const short = (text) => text.replace(/\.0(?=\D|$)/, "");

export class Plot {
  // `label` names the plot, `title` is shown above it. `format` formats values, `formatX` places. `top` is the end of the axis of
  // values, if it is always the same; `dots` marks each point. With `isTime`, places are milliseconds and the last one is now.
  // `nothing` is shown while all values are zero.
  constructor({ label, title = label, format = String, formatX = String, top = null, dots = false, isTime = false, nothing = "" }) {
    Object.assign(this, { label, format, formatX, top, dots, isTime, nothing, series: [], places: [], at: null });
    this.picture = s("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
    // A slider without a picture of its own: keys and fingers move it, and screen readers tell its value.
    this.slider = h("input", { type: "range", min: 0, max: 0, value: 0, className: "over", ariaLabel: `${label}: place`,
      oninput: () => this.point(this.places[Number(this.slider.value)]), onblur: () => this.point(null), onfocus: () => this.point(this.places[Number(this.slider.value)]) });
    this.read = h("span", { className: "read" });
    this.title = h("span", {}, title);
    this.legend = h("div", { className: "legend" });
    const area = h("div", { className: "area", onpointermove: (event) => this.follow(event), onpointerleave: () => this.point(null) }, this.picture, this.slider);
    this.element = h("figure", { className: "plotted" }, h("figcaption", {}, this.title, this.read), area, this.legend);
  }

  // `series`: [{name, points: [[x, y], ...]}], sorted by x; `from` and `to` are the ends of the axis of places.
  show(series, { from, to, label = this.label } = {}) {
    const xs = series.flatMap(({ points }) => points.map(([x]) => x));
    this.first = from ?? Math.min(...xs, 0);
    this.last = to ?? Math.max(...xs, 1);
    this.series = series.map(({ name, points }) => ({ name, points: points.filter(([x]) => x >= this.first) }));
    this.places = placesOf(this.series);
    this.marks = valueTicks(this.series.flatMap(({ points }) => points.map(([, y]) => y)), this.top);
    set(this.picture, { "aria-label": label });
    this.draw();
    this.point(this.at === null ? null : this.places[nearest(this.places, this.at)] ?? null);
    return this.element;
  }

  px(x) {
    return LEFT + ((x - this.first) / (this.last - this.first || 1)) * (WIDTH - LEFT - RIGHT);
  }

  py(y) {
    return HEIGHT - BOTTOM - (y / (this.marks.at(-1) || 1)) * (HEIGHT - BOTTOM - TOP);
  }

  draw() {
    const isEmpty = this.marks.length === 1;
    this.cursor = s("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM, x1: 0, x2: 0, visibility: "hidden" });
    this.picture.replaceChildren(...this.drawMarks(), ...this.series.flatMap((each, index) => this.drawLine(each, index)), this.cursor);
    if (isEmpty && this.nothing) this.picture.append(s("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT / 2, "text-anchor": "middle", class: "nothing" }, this.nothing));
    const named = this.series.filter(({ name }) => name);
    const names = named.map(({ name }) => name).join("\n");
    if (this.names !== names) this.legend.replaceChildren(...named.map((each) => h("span", { className: `c${this.series.indexOf(each)}` }, each.name)));
    this.names = names;
    this.legend.hidden = !named.length;
    set(this.slider, { max: Math.max(this.places.length - 1, 0) });
  }

  // The unit of places is at the last mark only: there is no room for more.
  drawMarks() {
    const values = this.marks.flatMap((mark) => [
      s("line", { class: mark ? "axis" : "axis zero", x1: LEFT, x2: WIDTH - RIGHT, y1: this.py(mark), y2: this.py(mark) }),
      s("text", { x: LEFT - 5, y: this.py(mark) + 3.5, "text-anchor": "end" }, short(this.format(mark))),
    ]);
    const marks = this.isTime ? timeTicks(this.first, this.last) : ticks(this.first, this.last, 4);
    return [...values, ...marks.flatMap((mark, place) => {
      const isLast = place === marks.length - 1;
      const anchor = isLast ? "end" : place ? "middle" : "start";
      return [s("line", { class: "axis zero", x1: this.px(mark), x2: this.px(mark), y1: this.py(0), y2: this.py(0) + 3 }),
        s("text", { x: this.px(mark), y: HEIGHT - 4, "text-anchor": anchor }, this.isTime || isLast ? this.formatPlace(mark) : formatCount(mark))];
    })];
  }

  formatPlace(x) {
    return this.isTime ? ago(x, this.last) : this.formatX(x);
  }

  drawLine({ points }, index) {
    const path = points.map(([x, y], place) => `${place ? "L" : "M"}${this.px(x).toFixed(1)} ${this.py(y).toFixed(1)}`).join("");
    const dots = this.dots ? points.map(([x, y]) => s("circle", { cx: this.px(x), cy: this.py(y), r: 2.5, fill: "currentColor", class: `c${index}` })) : [];
    return [s("path", { d: path || "M0 0", class: `c${index}` }), ...dots];
  }

  follow({ clientX }) {
    const { left, width } = this.picture.getBoundingClientRect();
    const x = this.first + (((clientX - left) / width) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT) * (this.last - this.first);
    this.point(this.places[nearest(this.places, x)] ?? null);
  }

  // Tells the values at a place; null is none.
  point(x = null) {
    this.at = x;
    const text = x === null ? "" : this.describe(x);
    setText(this.read, text);
    const place = x === null ? {} : { x1: this.px(x), x2: this.px(x) };
    set(this.cursor, { visibility: x === null ? "hidden" : "visible", ...place });
    if (x === null) return;
    this.slider.value = this.places.indexOf(x);
    set(this.slider, { "aria-valuetext": text });
  }

  // "−42 s: PC1 → PC2 1.2 Mbit/s, PC2 → PC1 0 bit/s"
  describe(x) {
    const told = this.series.map(({ name, points }) => [name, valueAt(points, x)]).filter(([, y]) => y !== null);
    return `${this.formatPlace(x)}: ${told.map(([name, y]) => [name, this.format(y)].filter(Boolean).join(" ")).join(", ")}`;
  }
}

// A plot that does not change.
export const linePlot = (series, { from, to, ...options }) => new Plot(options).show(series, { from, to });

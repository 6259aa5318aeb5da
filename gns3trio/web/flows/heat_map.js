// A heat map: what each PC (rows) gets through to each other one (columns). Names are only ever drawn or set as text.

import { h, setText } from "../dom.js";
import { NAME_GAP, RAMPS, cellAt, cellFrom, colourAt, inkOn, layoutOf, rgb } from "./heat_layout.js";
import { MEASURES, describePair, squareOf, topOf } from "./mesh_report.js";

const LEGEND_STEPS = 5;
const LONGEST_NAME = 40; // letters that are measured

const isDark = matchMedia("(prefers-color-scheme: dark)");

export class HeatMap {
  // `onChoose(pair)` is called for a pair that is clicked, or chosen with Enter.
  constructor(report, onChoose) {
    Object.assign(this, { report, onChoose }, squareOf(report)); // nodes, cells
    this.count = this.nodes.length;
    this.measure = "loss";
    this.cursor = [0, 1];
    this.said = h("p", { className: "pair", role: "status" });
    this.legend = h("div", { className: "scale" });
    this.canvas = h("canvas", { tabIndex: 0, role: "application", onkeydown: (event) => this.pressKey(event), onfocus: () => this.moveTo(this.cursor),
      onblur: () => this.moveTo(null), onpointermove: (event) => this.moveTo(this.cellOf(event)), onpointerleave: () => this.moveTo(this.hasFocus() ? this.cursor : null),
      onclick: (event) => this.choose(this.cellOf(event)) });
    this.mark = h("div", { className: "mark", hidden: true });
    this.picture = h("div", { className: "picture" }, this.canvas, this.mark);
    this.element = h("div", { className: "heat" }, this.legend, this.said, this.picture);
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.picture);
    this.redraw = () => this.draw();
    isDark.addEventListener("change", this.redraw);
    this.moveTo(null);
  }

  close() {
    this.resizing.disconnect();
    isDark.removeEventListener("change", this.redraw);
  }

  show(measure) {
    this.measure = measure;
    this.canvas.ariaLabel = `Heat map: ${MEASURES[measure].title}, from rows to columns. Arrow keys move, Enter selects both on the map. The list below has the same values.`;
    this.draw();
  }

  // --- the cell in question ---

  hasFocus() {
    return document.activeElement === this.canvas;
  }

  cellOf({ offsetX, offsetY }) {
    return cellAt(this.layout, offsetX, offsetY);
  }

  pairAt([row, column]) {
    return this.report.pairs[this.cells[row * this.count + column]];
  }

  // Names the pair of a cell and frames it; null for none.
  moveTo(cell) {
    this.mark.hidden = cell === null;
    setText(this.said, cell ? this.describe(cell) : "Point at a cell, or choose one with the arrow keys.");
    if (!cell) return;
    const { start, cell: size } = this.layout;
    Object.assign(this.mark.style, { left: `${start + cell[1] * size}px`, top: `${start + cell[0] * size}px`, width: `${size}px`, height: `${size}px` });
  }

  describe([row, column]) {
    const pair = this.pairAt([row, column]);
    if (pair) return describePair(this.report, pair);
    const [from, to] = [row, column].map((place) => this.nodes[place].name);
    return row === column ? `${from} sends nothing to itself.` : `${from} → ${to}: not among the pairs that were chosen`;
  }

  pressKey(event) {
    const next = cellFrom(this.cursor, event.key, this.count);
    if (next) {
      this.cursor = next;
      this.moveTo(next);
      this.mark.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else if (event.key === "Enter" || event.key === " ") this.choose(this.cursor);
    else return;
    event.preventDefault();
  }

  choose(cell) {
    const pair = cell && this.pairAt(cell);
    if (!pair) return;
    this.cursor = cell;
    this.onChoose(pair);
  }

  // --- drawing ---

  draw() {
    const width = this.picture.clientWidth;
    if (!width) return; // it is not shown
    const pen = this.canvas.getContext("2d");
    const style = getComputedStyle(this.canvas);
    const font = `11px ${style.fontFamily}`;
    pen.font = font;
    const longest = this.nodes.reduce((most, { name }) => Math.max(most, pen.measureText(name.slice(0, LONGEST_NAME)).width), 0);
    this.layout = layoutOf(this.count, width, longest);
    const { size } = this.layout;
    const dense = devicePixelRatio || 1;
    Object.assign(this.canvas, { width: size * dense, height: size * dense });
    Object.assign(this.canvas.style, { width: `${size}px`, height: `${size}px` });
    pen.scale(dense, dense); // a canvas of a new size has forgotten all settings
    this.ramp = RAMPS[isDark.matches ? "dark" : "light"];
    this.top = topOf(this.measure, this.report.pairs);
    pen.font = font;
    pen.textBaseline = "middle";
    this.ink = style.color;
    if (this.layout.named) this.drawNames(pen);
    for (let row = 0; row < this.count; row += 1) for (let column = 0; column < this.count; column += 1) this.drawCell(pen, row, column);
    this.drawLegend();
    if (this.hasFocus()) this.moveTo(this.cursor);
  }

  drawCell(pen, row, column) {
    if (row === column) return;
    const { start, cell, numbered } = this.layout;
    const [x, y, side] = [start + column * cell, start + row * cell, cell - (cell > 6 ? 1 : 0)];
    const pair = this.pairAt([row, column]);
    const value = pair ? MEASURES[this.measure].value(pair) : null;
    if (value === null) {
      if (pair) cross(pen, x, y, side, this.ink);
      else dot(pen, x + cell / 2, y + cell / 2, this.ink);
      return;
    }
    const colour = colourAt(this.ramp, value / this.top);
    pen.fillStyle = rgb(colour);
    pen.fillRect(x, y, side, side);
    if (!numbered) return;
    pen.fillStyle = inkOn(colour);
    pen.textAlign = "center";
    pen.fillText(MEASURES[this.measure].short(value), x + side / 2, y + side / 2, side - 2);
  }

  drawNames(pen) {
    const { start, cell } = this.layout;
    pen.fillStyle = this.ink;
    const places = this.nodes.map((_, place) => start + (place + 0.5) * cell);
    pen.textAlign = "right";
    const names = this.nodes.map(({ name }) => fitted(pen, name, start - 2 * NAME_GAP));
    for (const [place, name] of names.entries()) pen.fillText(name, start - NAME_GAP, places[place]);
    pen.textAlign = "left";
    for (const [place, name] of names.entries()) {
      pen.save();
      pen.translate(places[place], start - NAME_GAP);
      pen.rotate(-Math.PI / 2);
      pen.fillText(name, 0, 0);
      pen.restore();
    }
  }

  drawLegend() {
    const { title, unit, short } = MEASURES[this.measure];
    const parts = Array.from({ length: LEGEND_STEPS }, (_, step) => step / (LEGEND_STEPS - 1));
    const ends = parts.map((part) => {
      const colour = colourAt(this.ramp, part);
      const box = h("span", {}, short(part * this.top));
      Object.assign(box.style, { background: rgb(colour), color: inkOn(colour) });
      return box;
    });
    const pairs = this.report.pairs.map(MEASURES[this.measure].value);
    const notes = [pairs.includes(null) ? "× not known" : "", pairs.length < this.count * (this.count - 1) ? "· not chosen" : ""].filter(Boolean);
    this.legend.replaceChildren(h("b", {}, `${title} (${unit})`), h("span", { className: "steps" }, ends), h("span", { className: "hint" }, notes.join("  ")));
  }
}

function cross(pen, x, y, side, ink) {
  const gap = side / 4;
  pen.strokeStyle = ink;
  pen.beginPath();
  pen.moveTo(x + gap, y + gap);
  pen.lineTo(x + side - gap, y + side - gap);
  pen.moveTo(x + side - gap, y + gap);
  pen.lineTo(x + gap, y + side - gap);
  pen.stroke();
}

function dot(pen, x, y, ink) {
  pen.fillStyle = ink;
  pen.fillRect(x - 0.5, y - 0.5, 1, 1);
}

// As much of a name as has room.
function fitted(pen, name, width) {
  if (name.length <= LONGEST_NAME && pen.measureText(name).width <= width) return name;
  const letters = Array.from(name.slice(0, LONGEST_NAME));
  while (letters.length && pen.measureText(`${letters.join("")}…`).width > width) letters.pop();
  return `${letters.join("")}…`;
}

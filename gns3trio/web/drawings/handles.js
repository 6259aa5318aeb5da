// The handles of the selected drawing: at its edges and corners to resize it, at the ends of a line, and above it to turn it.

import { act } from "../actions.js";
import { s, set } from "../dom.js";
import { whyFixed } from "../people/rights.js";
import { HANDLES, lineBetween, resized, rotationAt, toMap, turned } from "./geometry.js";

// In pixels of the window, whatever the scale.
const [RADIUS, AWAY] = [6, 26];
const RESIZED = new Set(["rectangle", "ellipse", "picture", "other"]);

export class Handles {
  constructor({ lab, graph, edits }) {
    Object.assign(this, { lab, graph, edits });
    this.outline = s("rect", { class: "outline" });
    this.stem = s("line", { class: "stem" });
    this.points = new Map(); // circles by name
    this.group = s("g", { class: "handles", "aria-hidden": "true" }, this.outline, this.stem);
    this.id = null; // of the drawing that has handles
    this.group.addEventListener("pointerdown", (event) => this.press(event));
    graph.overlays.add(this);
    lab.views.add({ reset: () => this.draw(), update: (changed) => changed.size && this.draw() });
  }

  // The drawing that has handles: the only one that is selected, if it can be changed.
  get chosen() {
    const [id] = this.graph.selection.size === 1 ? this.graph.selection : [null];
    const drawing = this.lab.drawings.get(id);
    return drawing && !drawing.locked && !whyFixed(this.lab, id) ? id : null;
  }

  showView() {
    if (this.id) this.draw();
  }

  draw() {
    this.id = this.chosen;
    this.group.style.display = this.id ? "" : "none";
    if (!this.id) return;
    const shape = this.edits.shapeOf(this.id);
    const { scale } = this.graph.view;
    const { x, y, rotation, width, height } = shape;
    if (width === null) {
      this.group.style.display = "none";
      return;
    }
    set(this.group, { transform: `translate(${x} ${y}) rotate(${rotation})` });
    set(this.outline, { width, height });
    const places = new Map();
    if (shape.kind === "line") {
      places.set("start", [shape.x1, shape.y1]).set("end", [shape.x2, shape.y2]);
    } else if (RESIZED.has(shape.kind)) {
      for (const [name, [across, down]] of HANDLES) places.set(name, [((across + 1) / 2) * width, ((down + 1) / 2) * height]);
    }
    const top = [width / 2, -AWAY / scale];
    if (shape.kind !== "line") places.set("turn", top);
    this.stem.style.display = places.has("turn") ? "" : "none";
    set(this.stem, { x1: width / 2, y1: 0, x2: top[0], y2: top[1] });
    for (const [name, point] of this.points) if (!places.has(name)) this.drop(name, point);
    for (const [name, [cx, cy]] of places) set(this.point(name), { cx, cy, r: RADIUS / scale });
  }

  point(name) {
    if (!this.points.has(name)) {
      const point = s("circle", { class: `handle ${name}`, "data-handle": name });
      this.points.set(name, point);
      this.group.append(point);
    }
    return this.points.get(name);
  }

  drop(name, point) {
    point.remove();
    this.points.delete(name);
  }

  press(event) {
    const name = event.target.dataset.handle;
    if (!name || event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation(); // the map would move
    const { id, graph } = this;
    const before = { ...this.edits.shapeOf(id) };
    event.target.setPointerCapture(event.pointerId);
    const move = (next) => this.edits.preview(id, this.moved(id, before, name, graph.placeAt(next), next.shiftKey));
    const end = (last) => {
      for (const kind of ["pointermove", "pointerup", "pointercancel"]) event.target.removeEventListener(kind, kind === "pointermove" ? move : end);
      if (last.type === "pointercancel") this.edits.giveUp(id);
      else act(() => this.edits.keep(id, `${name === "turn" ? "Turn" : "Resize"} ${this.lab.nameOf(id)}`))();
    };
    event.target.addEventListener("pointermove", move);
    event.target.addEventListener("pointerup", end);
    event.target.addEventListener("pointercancel", end);
  }

  // The fields of the drawing `before` after its handle was moved to a place of the map.
  moved(id, before, name, place, shift) {
    if (name === "turn") return turned(before, rotationAt(before, place, shift));
    if (name === "start" || name === "end") {
      const fixed = toMap(name === "start" ? [before.x2, before.y2] : [before.x1, before.y1], before);
      const { x, y, ...line } = name === "start" ? backwards(lineBetween(fixed, place, shift)) : lineBetween(fixed, place, shift);
      return { x, y, rotation: 0, ...this.edits.reshaped(id, line) };
    }
    const { x, y, width, height } = resized(before, name, this.graph.snapped(place), shift);
    return { x, y, ...this.edits.reshaped(id, { width, height }) };
  }
}

const backwards = ({ x1, y1, x2, y2, ...line }) => ({ ...line, x1: x2, y1: y2, x2: x1, y2: y1 });

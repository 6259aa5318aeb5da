// Draws new shapes on the map: with the mouse from corner to corner, with a click or the Enter key in the usual size.

import { s, set } from "../dom.js";
import { boxBetween, lineBetween } from "./geometry.js";
import { newDrawing, usualBox } from "./new_shapes.js";

const CLICK = 4; // pixels
const NAMES = { rectangle: "a rectangle", ellipse: "an ellipse", line: "a line", note: "a note" };
const ELEMENTS = { rectangle: "rect", ellipse: "ellipse", line: "line" };

export class DrawingTool {
  // `tell(text)` shows what to do, or hides it with ""; `onDrawn(kind, drawing)` gets a new drawing, with its `shape`.
  constructor({ graph, tell, onDrawn }) {
    Object.assign(this, { graph, tell, onDrawn });
    this.kind = null;
    this.sketch = s("g", { class: "sketch", "aria-hidden": "true" });
    this.group = this.sketch;
    graph.overlays.add(this);
    graph.svg.addEventListener("pointerdown", (event) => this.press(event), { capture: true });
    document.addEventListener("keydown", (event) => this.pressKey(event), { capture: true });
  }

  showView() {}

  choose(kind) {
    this.kind = kind;
    this.graph.svg.parentElement.classList.toggle("sketching", kind !== null);
    this.sketch.replaceChildren();
    if (!kind) this.tell("");
    else if (kind === "note") this.tell("Click where the note begins, or press Enter for the middle. Esc cancels.");
    else this.tell(`Drag to draw ${NAMES[kind]}, or press Enter for one in the middle. Shift keeps it regular, Esc cancels.`);
  }

  finish(box) {
    const { kind } = this;
    this.choose(null);
    this.onDrawn(kind, newDrawing(kind, box));
  }

  pressKey(event) {
    if (!this.kind || event.target.closest("dialog, input, textarea, select")) return;
    if (event.key === "Escape") this.choose(null);
    else if (event.key === "Enter") this.finish(usualBox(this.kind, this.graph.middle()));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  press(event) {
    if (!this.kind || event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation(); // nothing is selected or moved
    const { svg } = this.graph;
    const start = this.graph.snapped(this.graph.placeAt(event));
    const [left, top] = [event.clientX, event.clientY];
    let box = null;
    svg.setPointerCapture(event.pointerId);
    const move = (next) => {
      if (!this.kind || this.kind === "note" || (!box && Math.hypot(next.clientX - left, next.clientY - top) < CLICK)) return;
      const to = this.graph.snapped(this.graph.placeAt(next));
      box = this.kind === "line" ? lineBetween(start, to, next.shiftKey) : boxBetween(start, to, next.shiftKey);
      this.show(box);
    };
    const end = (last) => {
      svg.removeEventListener("pointermove", move);
      svg.removeEventListener("pointerup", end);
      svg.removeEventListener("pointercancel", end);
      if (!this.kind) return; // Escape was pressed
      if (last.type === "pointercancel") this.choose(null);
      else if (this.kind === "note") this.finish({ x: Math.round(start[0]), y: Math.round(start[1]), width: 0, height: 0 });
      else this.finish(box ?? usualBox(this.kind, start));
    };
    svg.addEventListener("pointermove", move);
    svg.addEventListener("pointerup", end);
    svg.addEventListener("pointercancel", end);
  }

  show({ x, y, width, height, x1, y1, x2, y2 }) {
    const name = ELEMENTS[this.kind];
    if (this.sketch.firstChild?.nodeName !== name) this.sketch.replaceChildren(s(name));
    const of = {
      rect: { x, y, width, height },
      ellipse: { cx: x + width / 2, cy: y + height / 2, rx: width / 2, ry: height / 2 },
      line: { x1: x + x1, y1: y + y1, x2: x + x2, y2: y + y2 },
    };
    set(this.sketch.firstChild, of[name]);
  }
}

// The lab as a map: nodes, links and drawings, which are moved, joined and chosen by mouse and by keyboard.

import { put } from "./api.js";
import { classNames, s, set, tell } from "./dom.js";
import { DrawingShape } from "./drawings.js";
import { Layers } from "./layers.js";
import { LinkShape } from "./links.js";
import { HEIGHT, NodeShape, WIDTH, boxOf, centreOf } from "./nodes.js";

const STEP = 10;
const ZOOM = 1.15;
// With smaller pictures texts cannot be read, and cost the most to draw.
const FAR = 0.35;
// What is chosen from a list is shown as large as this, at least.
const NEAR = 0.8;
// New nodes are put this far from each other: there is a name above each, and links need room.
const [COLUMN, ROW] = [130, 110];

export class Graph {
  constructor(lab, { onSelect, onOpen, onDelete, onLink }) {
    Object.assign(this, { lab, onSelect, onOpen, onDelete, onLink });
    this.elements = new Map();
    this.selected = null;
    this.source = null;
    this.saving = new Map(); // timers by node
    this.view = { x: 0, y: 0, scale: 1 };
    this.layers = new Layers();
    this.scene = this.layers.scene;
    this.svg = s("svg", { role: "group", "aria-label": "Lab" }, this.scene);
    this.moved = false; // by the user: what is seen then stays
    this.listen();
    new ResizeObserver(() => this.moved || this.fit()).observe(this.svg);
    lab.views.add(this);
  }

  // --- drawing ---

  reset() {
    this.elements.clear();
    this.layers.clear();
    for (const node of this.lab.nodes.values()) this.drawNode(node);
    for (const link of this.lab.links.values()) this.drawLink(link);
    for (const drawing of this.lab.drawings.values()) this.drawDrawing(drawing);
    this.select(this.elements.has(this.selected) ? this.selected : null);
    this.makeReachable();
    if (this.moved) this.showView();
    else this.fit();
  }

  update(changed) {
    for (const id of changed) {
      const node = this.lab.nodes.get(id);
      const link = this.lab.links.get(id);
      const drawing = this.lab.drawings.get(id);
      if (node) this.drawNode(node);
      else if (link) this.drawLink(link);
      else if (drawing) this.drawDrawing(drawing);
      else if (this.elements.has(id)) {
        for (const part of this.elements.get(id).parts()) part.remove();
        this.elements.delete(id);
        if (this.selected === id) this.select(null);
      }
    }
    this.makeReachable();
  }

  drawNode(node) {
    const id = node.node_id;
    this.shape(id, NodeShape).show(node, {
      kept: this.lab.problems.has(id), source: this.source === id, selected: this.selected === id, layers: this.layers,
    });
  }

  drawLink(link) {
    const nodes = link.nodes.map((end) => this.lab.nodes.get(end.node_id));
    if (nodes.length !== 2 || nodes.some((node) => !node)) return; // GNS3 writes links with one end, or none
    const selected = this.selected === link.link_id;
    this.shape(link.link_id, LinkShape).show(link, { lab: this.lab, nodes, selected, layers: this.layers });
  }

  drawDrawing(drawing) {
    this.shape(drawing.drawing_id, DrawingShape).show(drawing, { layers: this.layers });
  }

  shape(id, Kind) {
    if (!this.elements.has(id)) this.elements.set(id, new Kind(id));
    return this.elements.get(id);
  }

  redraw(id) {
    if (id) this.lab.touch(id);
  }

  // --- choosing ---

  select(id, focus = false) {
    const before = this.selected;
    this.selected = id;
    this.redraw(before);
    this.redraw(id);
    this.makeReachable();
    if (focus) {
      this.include(id);
      this.elements.get(id)?.group.focus({ preventScroll: true });
    }
    this.onSelect(id);
  }

  // One thing of the drawing is in the order of the tabulator key; the arrows go on from there.
  makeReachable() {
    const wanted = this.elements.has(this.selected) ? this.selected : this.lab.nodes.keys().next().value;
    if (wanted === this.reachable) return;
    this.elements.get(this.reachable)?.group.setAttribute("tabindex", -1);
    this.elements.get(wanted)?.group.setAttribute("tabindex", 0);
    this.reachable = wanted;
  }

  centre(id) {
    const node = this.lab.nodes.get(id);
    if (node) return centreOf(node);
    const centres = this.lab.links.get(id)?.nodes.map((end) => this.centre(end.node_id)) ?? [];
    return [0, 1].map((axis) => centres.reduce((sum, place) => sum + place[axis], 0) / Math.max(centres.length, 1));
  }

  neighbour(id, [dx, dy]) {
    const [x, y] = this.centre(id);
    let best = null;
    let nearest = Infinity;
    for (const other of [...this.lab.nodes.keys(), ...this.lab.links.keys()]) {
      if (other === id || !this.elements.has(other)) continue;
      const [ox, oy] = this.centre(other);
      const [along, across] = dx ? [(ox - x) * dx, oy - y] : [(oy - y) * dy, ox - x];
      const distance = along + 2 * Math.abs(across);
      if (along > 0 && distance < nearest) [best, nearest] = [other, distance];
    }
    return best;
  }

  startLink(id) {
    const before = this.source;
    this.source = id;
    this.redraw(before);
    this.redraw(id);
    this.svg.parentElement?.classList.toggle("linking", id !== null);
  }

  // --- mouse and keyboard ---

  listen() {
    this.svg.addEventListener("pointerdown", (event) => this.press(event));
    this.svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, event.offsetX, event.offsetY);
    }, { passive: false });
    this.svg.addEventListener("dblclick", (event) => {
      const id = idAt(event);
      if (id) this.onOpen(id);
    });
    this.svg.addEventListener("keydown", (event) => this.pressKey(event));
    this.svg.addEventListener("focusin", (event) => {
      const id = idAt(event);
      if (id && id !== this.selected && event.target.matches(":focus-visible")) this.select(id);
    });
  }

  press(event) {
    const id = idAt(event);
    const node = this.lab.nodes.get(id);
    if (this.source && node && id !== this.source) {
      this.onLink(this.source, id);
      this.startLink(null);
      return;
    }
    this.select(id);
    this.elements.get(id)?.group.focus({ preventScroll: true });
    const start = { x: event.clientX, y: event.clientY, at: node ? [node.x, node.y] : [this.view.x, this.view.y] };
    let moved = false;
    const move = (next) => {
      const [dx, dy] = [next.clientX - start.x, next.clientY - start.y];
      if (!moved && Math.hypot(dx, dy) <= 3) return;
      if (!moved) this.svg.setPointerCapture(event.pointerId); // not before: a click would go to the whole drawing
      moved = true;
      if (node && !node.locked) {
        this.place(id, start.at[0] + dx / this.view.scale, start.at[1] + dy / this.view.scale);
      } else if (!node) {
        this.moved = true;
        Object.assign(this.view, { x: start.at[0] + dx, y: start.at[1] + dy });
        this.showView();
      }
    };
    const end = () => {
      this.svg.removeEventListener("pointermove", move);
      this.svg.removeEventListener("pointerup", end);
      this.svg.removeEventListener("pointercancel", end);
      if (moved && node && !node.locked) this.keepPlace(id);
    };
    this.svg.addEventListener("pointermove", move);
    this.svg.addEventListener("pointerup", end);
    this.svg.addEventListener("pointercancel", end);
  }

  place(id, x, y) {
    this.lab.nodes.set(id, { ...this.lab.nodes.get(id), x: Math.round(x), y: Math.round(y) });
    this.lab.touch(id);
    for (const link of this.lab.linksOfNode.get(id) ?? []) this.lab.touch(link);
  }

  keepPlace(id) {
    clearTimeout(this.saving.get(id));
    this.saving.set(id, setTimeout(async () => {
      this.saving.delete(id);
      const { x, y } = this.lab.nodes.get(id) ?? {};
      if (x === undefined) return;
      try {
        await put(`${this.lab.path}/nodes/${id}`, { x, y });
      } catch (error) {
        tell(error.message, "error");
      }
    }, 150));
  }

  pressKey(event) {
    const id = idAt(event);
    const arrow = ARROWS[event.key];
    const node = this.lab.nodes.get(id);
    if (event.key === "Escape") {
      this.startLink(null);
      this.select(null);
    } else if (!id) {
      return;
    } else if (arrow && event.shiftKey && node && !node.locked) {
      this.place(id, node.x + arrow[0] * STEP, node.y + arrow[1] * STEP);
      this.keepPlace(id);
    } else if (arrow) {
      const next = this.neighbour(id, arrow);
      if (next) this.select(next, true);
    } else if (event.key === "Enter" || event.key === " ") {
      if (this.source && node && id !== this.source) {
        this.onLink(this.source, id);
        this.startLink(null);
      } else if (event.key === "Enter") this.onOpen(id);
      else this.select(id);
    } else if (event.key === "Delete") {
      this.onDelete(id);
    } else if (event.key === "l" && node) {
      this.startLink(id);
    } else {
      return;
    }
    event.preventDefault();
  }

  // --- what is seen ---

  showView() {
    const { x, y, scale } = this.view;
    set(this.scene, { transform: `translate(${x} ${y}) scale(${scale})`, class: classNames("map", { far: scale < FAR, ports: this.lab.project?.show_interface_labels }) });
  }

  zoom(factor, x = this.svg.clientWidth / 2, y = this.svg.clientHeight / 2) {
    this.moved = true;
    const scale = Math.min(Math.max(this.view.scale * factor, 0.03), 4);
    const ratio = scale / this.view.scale;
    this.view = { x: x - (x - this.view.x) * ratio, y: y - (y - this.view.y) * ratio, scale };
    this.showView();
  }

  // All of the lab. It stays so until the user moves or zooms.
  fit() {
    this.moved = false;
    const boxes = [...this.lab.nodes.values()].map(boxOf);
    for (const [id, drawing] of this.lab.drawings) if (this.elements.has(id)) boxes.push(this.elements.get(id).boxOf(drawing));
    if (!boxes.length) boxes.push([-200, -150, 200, 150]);
    const [left, top, right, bottom] = boxes.reduce((all, box) => all.map((edge, place) => Math[place < 2 ? "min" : "max"](edge, box[place])));
    const [width, height] = [this.svg.clientWidth || 800, this.svg.clientHeight || 600];
    const scale = Math.min(width / (right - left + 120), height / (bottom - top + 180), 1.6);
    this.view = { scale, x: width / 2 - (scale * (left + right)) / 2, y: height / 2 - (scale * (top + bottom)) / 2 + 20 };
    this.showView();
  }

  // Brings a node or link to the middle of the screen.
  reveal(id) {
    this.moved = true;
    const [x, y] = this.centre(id);
    const scale = Math.max(this.view.scale, NEAR);
    this.view = { x: this.svg.clientWidth / 2 - scale * x, y: this.svg.clientHeight / 2 - scale * y, scale };
    this.showView();
  }

  // Lets a node or link be seen that is where nobody looks.
  include(id) {
    const { x, y, scale } = this.view;
    const node = this.lab.nodes.get(id);
    const [left, top, right, bottom] = node ? boxOf(node) : [...this.centre(id), ...this.centre(id)];
    const seen = left * scale + x > 0 && top * scale + y > 0 &&
      right * scale + x < this.svg.clientWidth && bottom * scale + y < this.svg.clientHeight;
    if (!seen && this.moved) this.reveal(id);
    else if (!seen) this.fit();
  }

  // Where a new node covers no other: as near as there is to the middle of what is seen.
  freePlace() {
    const { x, y, scale } = this.view;
    const middle = [(this.svg.clientWidth / 2 - x) / scale - WIDTH / 2, (this.svg.clientHeight / 2 - y) / scale - HEIGHT / 2];
    const [left, top] = middle.map((place) => STEP * Math.round(place / STEP));
    const taken = [...this.lab.nodes.values()].map((node) => [node.x, node.y]);
    for (let far = 0; ; far += 1) {
      for (const [column, row] of ringOf(far)) {
        const place = [left + COLUMN * column, top + ROW * row];
        if (!taken.some((other) => Math.abs(other[0] - place[0]) < COLUMN && Math.abs(other[1] - place[1]) < ROW)) return place;
      }
    }
  }
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// The places of a grid that are `far` steps from its middle, nearest first.
function ringOf(far) {
  const places = [];
  for (let row = -far; row <= far; row += 1) {
    for (let column = -far; column <= far; column += 1) {
      if (Math.max(Math.abs(row), Math.abs(column)) === far) places.push([column, row]);
    }
  }
  return places.sort((a, b) => Math.hypot(...a) - Math.hypot(...b));
}

const idAt = (event) => event.target.closest?.("[data-id]")?.dataset.id ?? null;

// The map of a lab: nodes, links and drawings, which can be moved, linked and selected by mouse and keyboard.

import { put } from "../api.js";
import { classNames, s, set } from "../dom.js";
import { tell } from "../messages.js";
import { DrawingShape } from "./drawings.js";
import { Layers } from "./layers.js";
import { LinkShape } from "./links.js";
import { fittedView, isSeen, middleOf, viewOf, zoomedView } from "./map_view.js";
import { boxOf, centreOf } from "./node_box.js";
import { NodeShape } from "./nodes.js";
import { DIRECTIONS, STEP, freePlace, nearestTowards } from "./places.js";

const ZOOM = 1.15;
// Below this scale texts are unreadable, and they are the most expensive to draw.
const FAR = 0.35;

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
    this.moved = false; // moved by the user: the view then stays
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
    if (nodes.length !== 2 || nodes.some((node) => !node)) return; // GNS3's files may contain links with one end or none
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

  // --- selection ---

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

  // One object of the map is in the tab order; the arrow keys move from there.
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

  neighbour(id, direction) {
    const others = [...this.lab.nodes.keys(), ...this.lab.links.keys()].filter((other) => other !== id && this.elements.has(other));
    return nearestTowards(this.centre(id), direction, others.map((other) => [other, this.centre(other)]));
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
      this.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, [event.offsetX, event.offsetY]);
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
      if (!moved) this.svg.setPointerCapture(event.pointerId); // not earlier, or a click would go to the whole map
      moved = true;
      if (node && !node.locked) {
        this.lab.placeNode(id, start.at[0] + dx / this.view.scale, start.at[1] + dy / this.view.scale);
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
    const arrow = DIRECTIONS[event.key];
    const node = this.lab.nodes.get(id);
    if (event.key === "Escape") {
      this.startLink(null);
      this.select(null);
    } else if (!id) {
      return;
    } else if (arrow && event.shiftKey && node && !node.locked) {
      this.lab.placeNode(id, node.x + arrow[0] * STEP, node.y + arrow[1] * STEP);
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

  // --- view ---

  showView() {
    const { x, y, scale } = this.view;
    set(this.scene, { transform: `translate(${x} ${y}) scale(${scale})`, class: classNames("map", { far: scale < FAR, ports: this.lab.project?.show_interface_labels }) });
  }

  get window() {
    return [this.svg.clientWidth, this.svg.clientHeight];
  }

  zoom(factor, at = this.window.map((length) => length / 2)) {
    this.moved = true;
    this.view = zoomedView(this.view, factor, at);
    this.showView();
  }

  // Fits the whole lab into the window, until the user moves or zooms.
  fit() {
    this.moved = false;
    const boxes = [...this.lab.nodes.values()].map(boxOf);
    for (const [id, drawing] of this.lab.drawings) if (this.elements.has(id)) boxes.push(this.elements.get(id).boxOf(drawing));
    this.view = fittedView(boxes, [this.svg.clientWidth || 800, this.svg.clientHeight || 600]);
    this.showView();
  }

  // Centres a node or link.
  reveal(id) {
    this.moved = true;
    this.view = viewOf(this.centre(id), this.view, this.window);
    this.showView();
  }

  // Centres a node or link if it is outside of the view.
  include(id) {
    const node = this.lab.nodes.get(id);
    const seen = isSeen(node ? boxOf(node) : [...this.centre(id), ...this.centre(id)], this.view, this.window);
    if (!seen && this.moved) this.reveal(id);
    else if (!seen) this.fit();
  }

  // A position for a new node where it covers no other, as near as possible to the centre of the view.
  freePlace() {
    return freePlace(middleOf(this.view, this.window), [...this.lab.nodes.values()]);
  }
}

const idAt = (event) => event.target.closest?.("[data-id]")?.dataset.id ?? null;

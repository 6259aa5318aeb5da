// What the mouse and the keyboard do on the map: choose, move, link, open and delete objects, move and zoom the view.

import { put } from "../api.js";
import { tell } from "../messages.js";
import { DIRECTIONS, STEP } from "./places.js";

const ZOOM = 1.15;
// A press that moves less than this is a click.
const CLICK = 3;
const SAVE_AFTER_MS = 150;

export class Gestures {
  constructor(graph, { onOpen, onDelete, onLink }) {
    Object.assign(this, { graph, lab: graph.lab, onOpen, onDelete, onLink });
    this.saving = new Map(); // timers by node
    const { svg } = graph;
    svg.addEventListener("pointerdown", (event) => this.press(event));
    svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      graph.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, [event.offsetX, event.offsetY]);
    }, { passive: false });
    svg.addEventListener("dblclick", (event) => {
      const id = idAt(event);
      if (id) this.open(id);
    });
    svg.addEventListener("keydown", (event) => this.pressKey(event));
    svg.addEventListener("focusin", (event) => {
      const id = idAt(event);
      if (id && id !== graph.selected && event.target.matches(":focus-visible")) graph.select(id);
    });
  }

  open(id, focus = false) {
    if (this.graph.group(id)) this.graph.enterGroup(id, focus);
    else this.onOpen(id);
  }

  press(event) {
    const { graph } = this;
    const id = idAt(event);
    const node = this.lab.nodes.get(id);
    if (graph.source && node && id !== graph.source) {
      this.link(id);
      return;
    }
    graph.select(id);
    graph.focus(id);
    const start = { x: event.clientX, y: event.clientY, at: node ? [node.x, node.y] : [graph.view.x, graph.view.y] };
    let moved = false;
    const move = (next) => {
      const [dx, dy] = [next.clientX - start.x, next.clientY - start.y];
      if (!moved && Math.hypot(dx, dy) <= CLICK) return;
      if (!moved) graph.svg.setPointerCapture(event.pointerId); // not earlier, or a click would go to the whole map
      moved = true;
      if (node && !node.locked) {
        this.lab.placeNode(id, start.at[0] + dx / graph.view.scale, start.at[1] + dy / graph.view.scale);
      } else if (!node) {
        graph.moveView(start.at[0] + dx, start.at[1] + dy);
      }
    };
    const end = () => {
      graph.svg.removeEventListener("pointermove", move);
      graph.svg.removeEventListener("pointerup", end);
      graph.svg.removeEventListener("pointercancel", end);
      if (moved && node && !node.locked) this.keepPlace(id);
    };
    graph.svg.addEventListener("pointermove", move);
    graph.svg.addEventListener("pointerup", end);
    graph.svg.addEventListener("pointercancel", end);
  }

  link(id) {
    this.onLink(this.graph.source, id);
    this.graph.startLink(null);
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
    }, SAVE_AFTER_MS));
  }

  pressKey(event) {
    const { graph } = this;
    const id = idAt(event);
    const arrow = DIRECTIONS[event.key];
    const node = this.lab.nodes.get(id);
    if (event.key === "Escape") {
      graph.startLink(null);
      graph.select(null);
    } else if (!id) {
      return;
    } else if (arrow && event.shiftKey && node && !node.locked) {
      this.lab.placeNode(id, node.x + arrow[0] * STEP, node.y + arrow[1] * STEP);
      this.keepPlace(id);
    } else if (arrow) {
      const next = graph.neighbour(id, arrow);
      if (next) graph.select(next, true);
    } else if (event.key === "Enter" || event.key === " ") {
      if (graph.source && node && id !== graph.source) this.link(id);
      else if (event.key === "Enter") this.open(id, true);
      else graph.select(id);
    } else if (event.key === "Delete" && this.graph.group(id) === undefined) {
      this.onDelete(id);
    } else if (event.key === "l" && node) {
      graph.startLink(id);
    } else {
      return;
    }
    event.preventDefault();
  }
}

const idAt = (event) => event.target.closest?.("[data-id]")?.dataset.id ?? null;

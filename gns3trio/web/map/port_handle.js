// The handle at a node under the pointer or with the focus: a link is dragged from it.

import { s, set } from "../dom.js";
import { sizeOf } from "./node_box.js";

const RADIUS = 8; // pixels of the window, at every scale
// Below this scale a handle would cover the node.
const LEAST_SCALE = 0.35;

export class PortHandle {
  constructor(graph) {
    Object.assign(this, { graph, hovered: null, focused: null });
    this.shape = s("g", { class: "handle", "aria-hidden": "true" },
      s("title", {}, "Drag to another node to link them"), (this.hit = s("circle", { class: "hit" })), s("circle", { r: RADIUS }), s("path", { d: "M-4 0h8M0 -4v8" }));
    const { svg } = graph;
    const nodeOf = (event) => (event.target.closest(".handle") ? this.id : event.target.closest(".node")?.dataset.id ?? null);
    svg.addEventListener("pointerover", (event) => this.hover(nodeOf(event)));
    svg.addEventListener("pointerleave", () => this.hover(null));
    svg.addEventListener("focusin", (event) => this.focus(nodeOf(event)));
    svg.addEventListener("focusout", () => this.focus(null));
  }

  hover(id) {
    this.hovered = id;
    this.show();
  }

  focus(id) {
    this.focused = id;
    this.show();
  }

  // The node that has the handle.
  get id() {
    return this.hovered ?? this.focused;
  }

  show() {
    const { graph } = this;
    const node = graph.lab.nodes.get(this.id);
    const { scale } = graph.view;
    if (!node || scale < LEAST_SCALE || graph.isDragging || !graph.lab.rights.has("Link.Allocate") || graph.lab.freePorts(node).length === 0) {
      this.shape.remove();
      return;
    }
    const [width, height] = sizeOf(node);
    set(this.hit, { r: Math.max(RADIUS, Math.min(2 * RADIUS, (scale * width) / 4)) }); // the middle of a small node is its own
    set(this.shape, { transform: `translate(${node.x + width} ${node.y + height / 2}) scale(${1 / scale})` });
    if (!this.shape.parentNode) graph.overlays.element.append(this.shape);
  }
}

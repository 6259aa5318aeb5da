// A new link on the map: from a node that was chosen first, or whose handle is dragged, to another one. A line follows the pointer.

import { h, s, set, setText } from "../dom.js";

const HINTS = {
  first: "Click the first node (Esc cancels).",
  second: (name) => `Link ${name}: click the second node (Esc cancels).`,
};

export class Linking {
  // `onChange()` is called when the mode begins or ends, or has another first node.
  constructor(graph, onChange) {
    Object.assign(this, { graph, onChange, isOn: false, source: null });
    this.line = s("line", { class: "new-link", "aria-hidden": "true" });
    this.hint = h("p", { className: "map-hint", role: "status", hidden: true });
    this.target = null; // the node under the pointer
    graph.svg.addEventListener("pointermove", (event) => this.isOn && this.follow(event));
  }

  // Begins, perhaps at a node.
  begin(source = null) {
    const before = this.source;
    Object.assign(this, { isOn: true, source });
    this.graph.redraw(before);
    this.graph.redraw(source);
    this.show();
    this.onChange();
  }

  end() {
    if (!this.isOn) return;
    this.graph.redraw(this.source);
    this.mark(null);
    Object.assign(this, { isOn: false, source: null });
    this.line.remove();
    this.show();
    this.onChange();
  }

  // Takes a node that was chosen. Returns both ends when there are two.
  pick(id) {
    if (this.source === null || !this.graph.exists(this.source)) {
      this.begin(id);
      return null;
    }
    if (id === this.source) return null;
    const ends = [this.source, id];
    this.end();
    return ends;
  }

  show() {
    this.hint.hidden = !this.isOn;
    const name = this.graph.lab.nodes.get(this.source)?.name;
    setText(this.hint, this.isOn ? (name ? HINTS.second(name) : HINTS.first) : "");
    this.graph.svg.parentElement?.classList.toggle("linking", this.isOn);
  }

  // The line from the first node to the pointer.
  follow({ clientX, clientY }) {
    const { graph } = this;
    if (!graph.lab.nodes.has(this.source)) return;
    const { left, top } = graph.svg.getBoundingClientRect();
    const [x1, y1] = graph.centre(this.source);
    const [x2, y2] = graph.pointAt(clientX - left, clientY - top);
    set(this.line, { x1, y1, x2, y2 });
    if (!this.line.parentNode) graph.overlays.element.prepend(this.line);
    this.mark(this.nodeUnder(clientX, clientY));
  }

  mark(id) {
    if (id === this.target) return;
    const before = this.target;
    this.target = id;
    this.graph.redraw(before);
    this.graph.redraw(id);
  }

  // The node at a point of the window to which the link can lead, or null.
  nodeUnder(clientX, clientY) {
    const id = document.elementFromPoint(clientX, clientY)?.closest("[data-id]")?.dataset.id;
    return this.graph.lab.nodes.has(id) && id !== this.source ? id : null;
  }
}

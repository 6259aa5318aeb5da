// Moves labels: of a selected node, and of the ports of a selected link, with the mouse, and that of a node with keys.

import { changeNodeLabel, changePortLabel } from "../edit/label_changes.js";
import { whyFixed } from "../people/rights.js";
import { ABOVE, LEFT, isPlaced } from "./labels.js";

const CLICK = 3;
const STEP = 5;

export class LabelDrag {
  constructor(tools, onError) {
    Object.assign(this, { tools, onError });
    tools.graph.svg.addEventListener("pointerdown", (event) => this.press(event), { capture: true });
    const { commands, lab } = tools;
    const one = ({ kind, ids }) => (kind === "node" ? lab.nodes.get(ids[0]) : null);
    commands.add(...[["Right", [1, 0]], ["Left", [-1, 0]], ["Down", [0, 1]], ["Up", [0, -1]]].map(([key, by]) => ({
      id: `move-label-${key.toLowerCase()}`, title: `Move the label ${key.toLowerCase()}`, group: "edit", keys: [`Alt+${key}`], privilege: "Node.Modify",
      isShown: (target) => Boolean(one(target)), run: (target) => this.step(one(target), by),
    })));
  }

  // The label under the pointer: {text, node} or {text, link, place}. Null if it is none that can be moved.
  labelAt(event) {
    const { lab } = this.tools;
    const text = event.target.closest?.(".label-part");
    if (!text || event.button !== 0) return null;
    const link = lab.links.get(text.closest("[data-ports-of]")?.dataset.portsOf);
    if (link) return lab.rights.has("Link.Modify") ? { text, link, place: Number(text.dataset.place) } : null;
    const node = lab.nodes.get(text.closest("[data-id]")?.dataset.id);
    return node && !node.locked && !whyFixed(lab, node.node_id) ? { text, node } : null;
  }

  press(event) {
    const found = this.labelAt(event);
    if (!found) return;
    event.stopPropagation(); // the node stays where it is
    event.preventDefault();
    const { graph } = this.tools;
    const start = this.placeOf(found);
    let at = null;
    graph.svg.setPointerCapture(event.pointerId);
    const move = (next) => {
      const by = [next.clientX - event.clientX, next.clientY - event.clientY];
      if (!at && Math.hypot(...by) <= CLICK) return;
      at = { x: Math.round(start[0] + by[0] / graph.view.scale), y: Math.round(start[1] + by[1] / graph.view.scale) };
      this.show(found, at);
    };
    const end = ({ type }) => {
      for (const kind of ["pointerup", "pointercancel"]) graph.svg.removeEventListener(kind, end);
      graph.svg.removeEventListener("pointermove", move);
      if (at) this.show(found, null);
      if (at && type === "pointerup") this.keep(found, at);
    };
    graph.svg.addEventListener("pointermove", move);
    graph.svg.addEventListener("pointerup", end);
    graph.svg.addEventListener("pointercancel", end);
  }

  // Where a label is relative to its node, also one that is centred.
  placeOf({ text, node, link, place }) {
    const end = link?.nodes[place];
    const label = node ? node.label : end.label;
    if (isPlaced(label)) return [label.x, label.y];
    const { e, f } = text.transform.baseVal.consolidate().matrix;
    const corner = node ? { x: 0, y: 0 } : this.tools.lab.nodes.get(end.node_id);
    return [e - corner.x - text.getBBox().width / 2 - LEFT, f - corner.y - ABOVE - parseFloat(getComputedStyle(text).fontSize)];
  }

  // Shows a label at a place on this page only; with null, where it was.
  show({ node, link, place }, at) {
    const { lab } = this.tools;
    if (node) {
      lab.nodes.set(node.node_id, { ...lab.nodes.get(node.node_id), label: at ? { ...node.label, ...at } : node.label });
      lab.touch(node.node_id);
    } else {
      const nodes = link.nodes.map((end, number) => (number === place && at ? { ...end, label: { ...this.shownLabel(end), ...at } } : end));
      lab.links.set(link.link_id, { ...lab.links.get(link.link_id), nodes });
      lab.touch(link.link_id);
    }
  }

  // A label that was centred has shown the name of its port.
  shownLabel(end) {
    return isPlaced(end.label) ? end.label : { ...end.label, text: this.tools.lab.portName(end) };
  }

  async keep({ node, link, place }, at) {
    const { lab } = this.tools;
    try {
      if (node) await changeNodeLabel(this.tools, `Move the label of ${node.name}`, node, { ...node.label, ...at });
      else await changePortLabel(this.tools, `Move a port label of ${lab.linkName(link)}`, link, place, { ...this.shownLabel(link.nodes[place]), ...at });
    } catch (error) {
      this.onError(error);
    }
  }

  step(node, [dx, dy]) {
    const { lab, graph } = this.tools;
    const text = graph.stage.elements.get(node.node_id).label;
    const [x, y] = this.placeOf({ text, node }).map(Math.round);
    return changeNodeLabel(this.tools, `Move the label of ${node.name}`, lab.nodes.get(node.node_id), { ...node.label, x: x + dx * STEP, y: y + dy * STEP }, { joins: `${node.node_id} label place` });
  }
}

// The rubber band: a rectangle that is drawn on the map, and what of the lab it surrounds.

import { s, set } from "../dom.js";
import { boxOf } from "./node_box.js";

// The box between two corners, in any order.
export const boxBetween = ([ax, ay], [bx, by]) => [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];

const touches = ([left, top, right, bottom], box) => left <= box[2] && right >= box[0] && top <= box[3] && bottom >= box[1];
const surrounds = (box, [left, top, right, bottom]) => left >= box[0] && top >= box[1] && right <= box[2] && bottom <= box[3];

// The ids of what a box selects: nodes that it touches, the links between them, and drawings that it surrounds.
// `boxOfDrawing(drawing)` is the area of one, or null if that is unknown.
export function idsIn(box, lab, boxOfDrawing) {
  const nodes = new Set();
  for (const node of lab.nodes.values()) if (touches(boxOf(node), box)) nodes.add(node.node_id);
  const links = [];
  for (const { link_id, nodes: ends } of lab.links.values()) if (ends.length === 2 && ends.every((end) => nodes.has(end.node_id))) links.push(link_id);
  const drawings = [...lab.drawings.values()].filter((drawing) => {
    const area = boxOfDrawing(drawing);
    return area !== null && surrounds(box, area);
  });
  return [...nodes, ...links, ...drawings.map(({ drawing_id }) => drawing_id)];
}

export class Band {
  // `corner` is a point of the window; `onBand(ids)` is called at most once a frame.
  constructor(graph, corner, onBand) {
    Object.assign(this, { graph, corner, onBand });
    this.shape = s("rect", { class: "band", "aria-hidden": "true" });
    this.frame = null;
    graph.svg.append(this.shape);
  }

  stretch(x, y) {
    this.at = [x, y];
    this.frame ??= requestAnimationFrame(() => this.show());
  }

  show() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    if (!this.at) return;
    const [left, top, right, bottom] = boxBetween(this.corner, this.at);
    set(this.shape, { x: left, y: top, width: right - left, height: bottom - top });
    const { x, y, scale } = this.graph.view;
    const box = [(left - x) / scale, (top - y) / scale, (right - x) / scale, (bottom - y) / scale];
    this.onBand(idsIn(box, this.graph.lab, (drawing) => this.graph.boxOfDrawing(drawing)));
  }

  end() {
    if (this.frame !== null) this.show();
    this.shape.remove();
  }
}

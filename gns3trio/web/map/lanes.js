// Positions of links, and of points beside their nodes.

import { HEIGHT } from "./node_box.js";

// The distance of parallel links, which leaves room for a text, and the maximum width of all of them.
const [LANE, WIDEST] = [16, 100];
const NONE = new Set();

// Links between the same two nodes are drawn side by side, with their texts at different positions along the line.
// `linksOfNode` has sets of ids by node; `a` and `b` are the centres of the nodes. Returns how far the line is shifted, and at
// which part of it the texts are.
export function laneOf(link, linksOfNode, a, b) {
  const [first, second] = link.nodes.map((end) => end.node_id);
  const [fewer, more] = [first, second].map((node) => linksOfNode.get(node) ?? NONE).toSorted((one, other) => one.size - other.size);
  const parallel = [...fewer].filter((id) => more.has(id)).toSorted();
  if (parallel.length < 2) return { shift: [0, 0], at: 0.5, alone: true };
  const lane = parallel.indexOf(link.link_id);
  const way = first < second ? 1 : -1; // seen from the same end, whichever end comes first in the link
  const apart = Math.min(LANE, WIDEST / parallel.length);
  const place = apart * (lane - (parallel.length - 1) / 2) * way;
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  const covered = Math.min(HEIGHT / length, 0.3); // by the nodes
  const part = (1 - 2 * covered) * ((lane + 1) / (parallel.length + 1) - 0.5) * way;
  return {
    shift: [(-(b[1] - a[1]) / length) * place, ((b[0] - a[0]) / length) * place],
    at: 0.5 + part,
    alone: false,
  };
}

// The point on a line at distance `away` from the edge of its first node, but not beyond the middle.
export function pointBeside(from, to, [width, height], away) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy) || 1;
  const inside = Math.min(width / 2 / Math.abs(dx), height / 2 / Math.abs(dy)); // as a part of the line
  const part = Math.min((Number.isFinite(inside) ? inside : 0) + away / length, 0.5);
  return [from[0] + part * dx, from[1] + part * dy];
}

// Positions in the lab: the nearest object in a direction, and free places.

import { HEIGHT, WIDTH } from "./node_box.js";

// Distance between new nodes, with room for names and links.
export const [COLUMN, ROW] = [130, 110];
// The grid for new nodes and for moving by keys.
export const STEP = 10;

export const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// The id of the nearest object in a direction; sideways distance counts more. `places`: [id, [x, y]] of all candidates.
export function nearestTowards([x, y], [dx, dy], places) {
  let best = null;
  let nearest = Infinity;
  for (const [id, [ox, oy]] of places) {
    const [along, across] = dx ? [(ox - x) * dx, oy - y] : [(oy - y) * dy, ox - x];
    const distance = along + 2 * Math.abs(across);
    if (along > 0 && distance < nearest) [best, nearest] = [id, distance];
  }
  return best;
}

// The corner of a new node that covers no other node, as near as possible to a point.
export function freePlace([x, y], nodes) {
  const [left, top] = [x - WIDTH / 2, y - HEIGHT / 2].map((place) => STEP * Math.round(place / STEP));
  const taken = takenPlaces(nodes, left, top);
  for (let far = 0; ; far += 1) {
    for (const [column, row] of ringOf(far)) if (!taken.has(`${column},${row}`)) return [left + COLUMN * column, top + ROW * row];
  }
}

// The grid positions, counted from a corner, at which a new node would cover one of the nodes.
function takenPlaces(nodes, left, top) {
  const taken = new Set();
  for (const node of nodes) {
    const [across, down] = [(node.x - left) / COLUMN, (node.y - top) / ROW];
    for (const column of new Set([Math.floor(across), Math.ceil(across)])) {
      for (const row of new Set([Math.floor(down), Math.ceil(down)])) taken.add(`${column},${row}`);
    }
  }
  return taken;
}

// The grid positions at `far` steps from the centre, nearest first.
function ringOf(far) {
  const places = [];
  for (let row = -far; row <= far; row += 1) {
    for (let column = -far; column <= far; column += 1) {
      if (Math.max(Math.abs(row), Math.abs(column)) === far) places.push([column, row]);
    }
  }
  return places.toSorted((a, b) => Math.hypot(...a) - Math.hypot(...b));
}

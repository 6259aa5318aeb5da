// Places in the lab: what lies in a direction, and where there is room.

import { HEIGHT, WIDTH } from "./node_box.js";

// New nodes are put this far from each other: there is a name above each, and links need room.
const [COLUMN, ROW] = [130, 110];
// New nodes and those moved by keys stand in a grid.
export const STEP = 10;

export const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// The id of what is nearest in a direction; what is aside counts as farther. `places`: [id, [x, y]] of all that can be meant.
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

// The corner of a new node that covers none of the nodes there are, as near to a point as there is one.
export function freePlace([x, y], nodes) {
  const [left, top] = [x - WIDTH / 2, y - HEIGHT / 2].map((place) => STEP * Math.round(place / STEP));
  for (let far = 0; ; far += 1) {
    for (const [column, row] of ringOf(far)) {
      const place = [left + COLUMN * column, top + ROW * row];
      if (!nodes.some((node) => Math.abs(node.x - place[0]) < COLUMN && Math.abs(node.y - place[1]) < ROW)) return place;
    }
  }
}

// The places of a grid that are `far` steps from its middle, nearest first.
function ringOf(far) {
  const places = [];
  for (let row = -far; row <= far; row += 1) {
    for (let column = -far; column <= far; column += 1) {
      if (Math.max(Math.abs(row), Math.abs(column)) === far) places.push([column, row]);
    }
  }
  return places.toSorted((a, b) => Math.hypot(...a) - Math.hypot(...b));
}

// Where the texts of a wire can be, the best places first, for the room of the map (label_room.js).

import { pointBeside } from "./lanes.js";

// The height of the texts of wires above and below their baseline, and about the width of a letter.
const [RISE, FALL, LETTER] = [10, 3, 6.3];
// Distance of a text from its wire, and from other texts.
const [GAP, APART] = [4, 2];
// Distances of places along the wire from the usual one, and how near to its ends they may be.
const [ALONG, FROM_ENDS] = [[0, 30, -30, 60, -60, 90, -90], 50];
// A wire that is steeper than this has its texts beside it, and not above and below: the part of its normal that points sideways.
const STEEP = 0.35;
// Of an upright wire, its direction points sideways less than this.
const UPRIGHT = 0.3;
// Distances of a port's name from its node.
const FROM_NODE = [12, 26, 40, 54, 68, 82];
// Load changes all the time: it gets room for so many letters, or twice as many, and so on, so that it stays where it is.
const LETTERS_AT_ONCE = 4;

const widthOf = (text) => LETTER * Math.ceil(text.length / LETTERS_AT_ONCE) * LETTERS_AT_ONCE;

// A text whose `anchor` is at x, y.
function placed(x, y, anchor, width) {
  const left = { start: x, middle: x - width / 2, end: x - width }[anchor];
  return { x, y, anchor, box: [left - APART, y - RISE, left + width + APART, y + FALL] };
}

// The places of a text on one side of a wire: 1 above it, or right of it if it is steep, and -1 on the other side. `at` is the part of
// the wire where it is best; `alone`: no other wire is parallel. `away` is how much farther it is from the wire than usual.
export function placesBeside({ x1, y1, x2, y2 }, at, alone, text, side, away) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const width = widthOf(text);
  const within = ALONG.filter((along) => along === 0 || Math.abs((at - 0.5) * length + along) <= length / 2 - FROM_ENDS);
  const points = within.map((along) => [x1 + (at * length + along) * dx, y1 + (at * length + along) * dy]);
  if (!alone) return points.map(([x, y]) => placed(x - side * (8 + away), y - 3, side > 0 ? "end" : "start", width));
  const turn = (Math.abs(dx) < UPRIGHT ? dy : dx) < 0 ? -1 : 1;
  const normal = [dy * turn, -dx * turn]; // points up, or from an upright wire to the right
  return [side, -side].flatMap((sign) => points.map((point) => beside(point, normal.map((part) => part * sign), width, GAP + away)));
}

// So that the text touches the line of its wire with one corner, or if that is nearly level, is centred above or below it.
function beside([x, y], [nx, ny], width, gap) {
  const height = RISE + FALL;
  if (Math.abs(nx) < STEEP) {
    const from = gap + Math.abs(nx) * width / 2 + Math.abs(ny) * height / 2;
    return placed(x + nx * from, y + ny * from + height / 2 - FALL, "middle", width);
  }
  const [cornerX, cornerY] = [x + nx * gap, y + ny * gap];
  const isLevel = Math.abs(ny) < 0.1;
  return placed(cornerX, isLevel ? cornerY + height / 2 - FALL : ny < 0 ? cornerY - FALL : cornerY + RISE, nx > 0 ? "start" : "end", width);
}

// The places of a port's name on its wire, from the node that has the port.
export function placesOfPort(from, to, size, text) {
  const points = FROM_NODE.map((away) => pointBeside(from, to, size, away));
  const middle = points.findIndex(([x, y], place) => place > 0 && x === points[place - 1][0] && y === points[place - 1][1]);
  return (middle < 0 ? points : points.slice(0, middle)).map(([x, y]) => placed(x, y + 4, "middle", LETTER * text.length));
}

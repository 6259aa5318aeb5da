// Labels in GNS3's form: `x` and `y` are the upper left corner.

import { set, setText } from "../dom.js";
import { turnedBox } from "./drawing_picture.js";
import { lettersOf } from "./letters.js";

// The margin of GNS3's clients to the left of a text and above it.
export const [LEFT, ABOVE] = [4, 3];

function applyStyle(text, style) {
  if (text.gns3Style === style) return;
  text.gns3Style = style;
  text.removeAttribute("style");
  for (const [name, value] of Object.entries(lettersOf(style))) text.style.setProperty(name, value);
}

export const isPlaced = (label) => Number.isFinite(label?.x) && Number.isFinite(label?.y);

// Shows a label with a position, relative to the corner of its node.
export function placeLabel(text, label, words, corner) {
  applyStyle(text, label.style);
  setText(text, words);
  const [x, y] = [corner[0] + label.x, corner[1] + label.y];
  set(text, { x: LEFT, y: ABOVE, dy: "1em", transform: `translate(${x} ${y}) rotate(${label.rotation ?? 0})` });
  text.style.textAnchor = "start";
}

// Shows a label without a position, centred at a point.
export function centreLabel(text, style, words, [x, y], rotation = 0) {
  applyStyle(text, style);
  setText(text, words);
  set(text, { x: 0, y: 0, dy: 0, transform: `translate(${x} ${y}) rotate(${rotation})` });
  text.style.textAnchor = "middle";
}

const [USUAL_SIZE, WIDE] = [12, 0.62]; // the size of letters without a style, and about their width in it

// About the box that a text at a label's position covers; of one without a position, centred at a point.
export function boxOfLabel(label, words, corner, centre = null) {
  const size = parseFloat(lettersOf(label?.style, () => true)["font-size"] ?? USUAL_SIZE);
  const width = WIDE * size * (words ?? "").length;
  const rotation = label?.rotation ?? 0;
  if (!isPlaced(label)) return turnedBox([-width / 2, -size, width / 2, size / 4], { x: centre[0], y: centre[1], rotation });
  return turnedBox([LEFT, ABOVE, LEFT + width, ABOVE + 1.25 * size], { x: corner[0] + label.x, y: corner[1] + label.y, rotation });
}

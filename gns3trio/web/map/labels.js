// Labels in GNS3's form: `x` and `y` are the upper left corner.

import { set, setText } from "../dom.js";
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

// Texts as GNS3 keeps them: `x` and `y` are the upper left corner, `style` is a list of CSS declarations.

import { set, setText } from "./dom.js";

// GNS3 gives sizes of letters in points, without the unit.
const PIXELS_OF_POINT = 4 / 3;
const LARGEST = 200;
// GNS3's clients leave this much room before a text and above it.
const [LEFT, ABOVE] = [4, 3];
const WORDS = new Set(["font-weight", "font-style", "text-decoration", "fill-opacity"]);

// Styles come from files of others: only what changes letters is taken.
export function applyStyle(text, style) {
  if (text.gns3Style === style) return;
  text.gns3Style = style;
  text.removeAttribute("style");
  for (const declaration of (style ?? "").split(";")) {
    const [name, value] = declaration.split(/:(.*)/s).map((part) => part.trim().toLowerCase());
    if (!value) continue;
    if (name === "font-family") text.style.fontFamily = `${value}, sans-serif`;
    else if (name === "font-size") text.style.fontSize = `${pixels(value)}px`;
    else if (name === "fill") text.style.fill = paint(value);
    else if (WORDS.has(name)) text.style.setProperty(name, value);
  }
}

// A size of letters in pixels; without a unit it is in points. What is no size is that of GNS3's labels.
export function pixels(size) {
  const [, number, unit] = /^(\d{1,6}(?:\.\d{1,6})?)(?: ?(px|pt))?$/.exec(size.trim()) ?? [null, 10, "pt"];
  return Math.min(Number(number) * (unit === "px" ? 1 : PIXELS_OF_POINT), LARGEST);
}

// A colour for CSS, or "" for what is none. Black, in which GNS3 writes on white, is light on a dark ground.
export function paint(color) {
  if (typeof color !== "string" || !CSS.supports("color", color)) return "";
  return ["#000000", "#000", "black"].includes(color.trim().toLowerCase()) ? "light-dark(#000, var(--text))" : color;
}

export const isPlaced = (label) => Number.isFinite(label?.x) && Number.isFinite(label?.y);

// Shows a label that has a place, seen from the corner of its node.
export function placeLabel(text, label, words, corner) {
  applyStyle(text, label.style);
  setText(text, words);
  const [x, y] = [corner[0] + label.x, corner[1] + label.y];
  set(text, { x: LEFT, y: ABOVE, dy: "1em", transform: `translate(${x} ${y}) rotate(${label.rotation ?? 0})` });
  text.style.textAnchor = "start";
}

// Shows a label that has none, around a point.
export function centreLabel(text, style, words, [x, y], rotation = 0) {
  applyStyle(text, style);
  setText(text, words);
  set(text, { x: 0, y: 0, dy: 0, transform: `translate(${x} ${y}) rotate(${rotation})` });
  text.style.textAnchor = "middle";
}

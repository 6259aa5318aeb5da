// New drawings: what they look like, and their sizes.

import { lineBetween } from "./geometry.js";

const FILLED = { fill: "#dbe7f5", opacity: 1, stroke: "#5b6f8a", strokeWidth: 2, border: "solid" };
const LETTERS = { kind: "note", text: "", color: "#000000", opacity: 1, family: "Sans", size: 12, bold: false, italic: false, underline: false };
const NEW = {
  rectangle: { kind: "rectangle", ...FILLED, radius: 0 },
  ellipse: { kind: "ellipse", ...FILLED },
  line: { kind: "line", stroke: "#000000", strokeWidth: 2, border: "solid" },
  note: LETTERS,
};
// The size of a shape that was not drawn with the mouse.
export const USUAL = { rectangle: [200, 120], ellipse: [200, 120], line: [200, 0], note: [0, 0] };
// Areas lie below the nodes and links, whose z is 1; lines and notes above them.
const Z = { rectangle: 0, ellipse: 0, line: 2, note: 2 };

// A new drawing of a kind: {x, y, z, shape}. `box` has its place and size, and the ends of a line.
export const newDrawing = (kind, { x, y, ...size }) => ({ x, y, z: Z[kind], shape: { ...NEW[kind], ...size } });

// The box of a shape of the usual size around a place.
export function usualBox(kind, [x, y]) {
  const [width, height] = USUAL[kind];
  const [left, top] = [Math.round(x - width / 2), Math.round(y - height / 2)];
  return kind === "line" ? lineBetween([left, top], [left + width, top + height]) : { x: left, y: top, width, height };
}

// GNS3's fonts are in points.
const PIXELS_OF_POINT = 4 / 3;
const LINE = 1.2;
// Around a text, as GNS3's desktop measures it.
const AROUND = 8;

// The CSS font of a note.
export const fontOf = ({ family, size, bold, italic }) =>
  `${italic ? "italic " : ""}${bold ? "bold " : ""}${size * PIXELS_OF_POINT}px "${family.replaceAll(/["\\\n]/g, "")}", sans-serif`;

// A note with the size that its text needs. `widthOf(line, font)` measures a line.
export function fittedNote(note, widthOf) {
  const lines = note.text.split("\n");
  const font = fontOf(note);
  const widest = lines.reduce((most, line) => Math.max(most, widthOf(line, font)), 0);
  const letters = note.size * PIXELS_OF_POINT;
  return { ...note, width: Math.ceil(widest) + AROUND, height: Math.ceil(letters * LINE * lines.length) + AROUND };
}

// A shape moved to a new size. The ends of a line keep their corners.
export function inSize(shape, { width, height }) {
  if (shape.kind !== "line") return { ...shape, width, height };
  const [across, down] = [shape.width ? width / shape.width : 0, shape.height ? height / shape.height : 0];
  return { ...shape, width, height, x1: shape.x1 * across, x2: shape.x2 * across, y1: shape.y1 * down, y2: shape.y2 * down };
}

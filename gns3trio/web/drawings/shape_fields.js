// The fields of each kind of drawing, for its panel.

import { BORDER_NAMES } from "./shape_format.js";

export const FONTS = ["Sans", "Serif", "Monospace", "TypeWriter", "Arial", "Courier New", "Georgia", "Times New Roman", "Verdana"];

const FILL = [{ name: "fill", label: "Fill", type: "color" }, { name: "opacity", label: "Opacity", type: "range", min: 0, max: 1, step: 0.05 }];
const BORDER = [
  { name: "stroke", label: "Border", type: "color" },
  { name: "strokeWidth", label: "Border width", type: "number", min: 0, max: 100, step: 1 },
  { name: "border", label: "Border style", type: "select", options: BORDER_NAMES },
];
const SIZE = ["width", "height"].map((name) => ({ name, label: name === "width" ? "Width" : "Height", type: "number", min: 1, max: 100000, step: 1 }));

const OF_SHAPES = {
  rectangle: [...FILL, ...BORDER, { name: "radius", label: "Corner radius", type: "number", min: 0, max: 1000, step: 1 }, ...SIZE],
  ellipse: [...FILL, ...BORDER, ...SIZE],
  line: [
    { name: "stroke", label: "Colour", type: "color" },
    { name: "strokeWidth", label: "Width", type: "number", min: 1, max: 100, step: 1 },
    { name: "border", label: "Style", type: "select", options: BORDER_NAMES.filter((name) => name !== "none") },
  ],
  note: [
    { name: "text", label: "Text", type: "text" },
    { name: "family", label: "Font", type: "select", options: FONTS },
    { name: "size", label: "Size (pt)", type: "number", min: 4, max: 200, step: 1 },
    { name: "bold", label: "Bold", type: "checkbox" },
    { name: "italic", label: "Italic", type: "checkbox" },
    { name: "underline", label: "Underlined", type: "checkbox" },
    { name: "color", label: "Colour", type: "color" },
    { name: "opacity", label: "Opacity", type: "range", min: 0, max: 1, step: 0.05 },
  ],
  picture: SIZE,
  other: SIZE,
};
const PLACE = [
  { name: "x", label: "X", type: "number", min: -(2 ** 31), max: 2 ** 31 - 1, step: 1 },
  { name: "y", label: "Y", type: "number", min: -(2 ** 31), max: 2 ** 31 - 1, step: 1 },
  { name: "rotation", label: "Rotation (°)", type: "number", min: -359, max: 360, step: 1 },
  { name: "z", label: "Layer", type: "number", min: -1000, max: 1000, step: 1 },
];

const withOption = (field, value) => ({ ...field, options: [value, ...field.options] });

// The fields of a shape, and those of the drawing around it: {name, label, type, ...}. The present value of a choice is one of its options.
export function fieldsOf(shape) {
  const own = OF_SHAPES[shape.kind].filter(({ name }) => !(shape.width === null && (name === "width" || name === "height")));
  const inShape = own.map((field) => (field.type === "select" && !field.options.includes(shape[field.name]) ? withOption(field, shape[field.name]) : field));
  return { inShape, ofDrawing: PLACE };
}

// The value that a control of a field has, for the shape. Throws with a sentence if it is none.
export function readValue({ label, type, min, max }, control) {
  if (type === "checkbox") return control.checked;
  if (type !== "number" && type !== "range") return control.value;
  const number = Number(control.value);
  if (control.value.trim() === "" || !Number.isFinite(number)) throw new Error(`${label}: enter a number.`);
  if (number < min || number > max) throw new Error(`${label}: enter a number from ${min} to ${max}.`);
  return number;
}

// A colour as a colour field shows it: "#rrggbb". `convert` turns other colours of CSS into that, or returns null.
export const shownColor = (color, convert = () => null) => (/^#[0-9a-f]{6}$/i.test(color ?? "") ? color.toLowerCase() : convert(color) ?? "#000000");

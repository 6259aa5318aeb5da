// GNS3's text styles: `style` is a list of CSS declarations. It may come from other people's files, so each value is checked.

import { onDark } from "./dark_colours.js";

// GNS3 gives font sizes in points, without the unit.
const PIXELS_OF_POINT = 4 / 3;
const LARGEST = 200;
const WORDS = new Set(["font-weight", "font-style", "text-decoration", "fill-opacity"]);

// The text properties of a style: values of CSS properties by name. `isColor` checks whether CSS knows a colour.
export function lettersOf(style, isColor = isCssColor) {
  const letters = {};
  for (const declaration of (style ?? "").split(";")) {
    const [name, value] = declaration.split(/:(.*)/s).map((part) => part.trim().toLowerCase());
    if (!value) continue;
    if (name === "font-family") letters[name] = `${value}, sans-serif`;
    else if (name === "font-size") letters[name] = `${pixels(value)}px`;
    else if (name === "fill") letters[name] = paint(value, isColor);
    else if (WORDS.has(name)) letters[name] = value;
  }
  return letters;
}

// A font size in pixels. Without a unit it is in points; if invalid, the size of GNS3's labels.
export function pixels(size) {
  const [, number, unit] = /^(\d{1,6}(?:\.\d{1,6})?)(?: ?(px|pt))?$/.exec(size.trim()) ?? [null, 10, "pt"];
  return Math.min(Number(number) * (unit === "px" ? 1 : PIXELS_OF_POINT), LARGEST);
}

// A colour of a text or line for CSS, or "" if it is invalid. On a dark page it is one that can be seen there.
export function paint(color, isColor = isCssColor) {
  if (typeof color !== "string" || !isColor(color)) return "";
  const dark = onDark(color, "line");
  return dark && dark !== color.trim().toLowerCase() ? `light-dark(${color.trim()}, ${dark})` : color;
}

const isCssColor = (color) => CSS.supports("color", color);

// How a wire is drawn: in the style that its user gave the link, which comes from anybody, and as thick as its load.

import { paint } from "./letters.js";

const THICKEST = 40;
const USUAL = 2;
// GNS3 counts the types of its lines as Qt does. Lengths of strokes and gaps in widths of the line.
const DASHES = { __proto__: null, 2: [4, 2], 3: [1, 2], 4: [4, 2, 1, 2], 5: [4, 2, 1, 2, 1, 2] };

// Properties for CSS from `color`, `width` in pixels and `type` of line; empty ones are those of the page. What is wrong with a link
// goes before its own colour, so that is not yet the colour of the stroke.
export function wireStyle({ color, width, type }, bits, isColor) {
  const own = width > 0 ? Math.min(width, THICKEST) : USUAL;
  return {
    "--own-color": paint(color, isColor),
    "--own-dashes": DASHES[type]?.map((part) => part * own).join(" ") ?? "",
    "--own-width": own === USUAL ? "" : String(own),
    "stroke-width": bits ? String(Math.max(own, Math.min(2 + Math.log10(bits + 1) / 1.6, 8))) : "",
  };
}

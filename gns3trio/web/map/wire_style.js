// The style of a wire: the link's own style, which may come from anybody, and a width that grows with its load.

import { DASHES } from "./dashes.js";
import { paint } from "./letters.js";

const THICKEST = 40;
const USUAL = 2;

// CSS properties from `color`, `width` in pixels and `type` of line; empty ones keep the page's style. The colour for a problem
// takes precedence over the link's own colour, so this does not set the stroke directly.
export function wireStyle({ color, width, type }, bits, isColor) {
  const own = width > 0 ? Math.min(width, THICKEST) : USUAL;
  return {
    "--own-color": paint(color, isColor),
    "--own-dashes": DASHES[type]?.map((part) => part * own).join(" ") ?? "",
    "--own-width": own === USUAL ? "" : String(own),
    "stroke-width": bits ? String(Math.max(own, Math.min(2 + Math.log10(bits + 1) / 1.6, 8))) : "",
  };
}

// Prepares the SVG of a drawing for the browser. It may come from anybody, so it is not parsed into a document. Only its text is
// changed, by patterns that take linear time.

import { darkRules } from "./dark_colours.js";
import { pixels } from "./letters.js";

// GNS3's clients begin a note this far from its left, with the baseline 1em below its top.
const NOTE_LEFT = 4;
const LINE = 1.2; // line height of a note, in em
const WIDE = 0.75; // width of a bold letter, in em; more than most have
const MOST_LINES = 1000;
const LARGEST = 100000; // pixels
const THICKEST = 200;
// The elements that GNS3's clients draw. In other drawings, the position of a text may depend on other elements.
const PLAIN = new Set(["svg", "text", "rect", "ellipse", "line", "path", "image"]);
const ROOT = /<svg(?=[\s/>])[^<>]*/;
const NOTE = /<text(?=[\s>])([^<>]*)>([^<]*)<\/text>/g;
// What has no colour of its own is black.
const darkStyle = (svg) => `<style>@media (prefers-color-scheme: dark) {
text:not([fill]) { fill: #e7ebef }
${darkRules(svg)}
}</style>`;

// Returns an SVG that a browser shows as GNS3's clients show the drawing, and the box that it covers, relative to its
// position. GNS3 does not clip a drawing at its edges but an image is clipped, so the image is made larger.
export function pictureOf(svg) {
  const [root] = ROOT.exec(svg) ?? [null];
  if (root === null) return { svg, box: [0, 0, 0, 0] };
  let added = attribute(root, "xmlns") === null ? ' xmlns="http://www.w3.org/2000/svg"' : ""; // GNS3 leaves them out
  if (attribute(root, "xmlns:xlink") === null) added += ' xmlns:xlink="http://www.w3.org/1999/xlink"';
  const [width, height] = ["width", "height"].map((name) => lengthOf(attribute(root, name)));
  if (attribute(root, "viewBox") !== null || width === null || height === null) {
    return { svg: svg.replace(root, () => `<svg${added}${root.slice(4)}`), box: width && height ? [0, 0, width, height] : [0, 0, 0, 0] };
  }
  const edge = Math.ceil(thickestOf(svg) / 2) + 1;
  const size = { width, height };
  let shown = svg;
  if ([...svg.matchAll(/<([A-Za-z][\w:.-]*)/g)].every(([, name]) => PLAIN.has(name))) {
    shown = svg.replace(NOTE, (note, attributes, text) => layOut(note, attributes, text, size)).replace(/<\/svg\s*>\s*$/, () => `${darkStyle(svg)}</svg>`);
  }
  const box = [-edge, -edge, size.width + edge, size.height + edge];
  const view = [-edge, -edge, size.width + 2 * edge, size.height + 2 * edge];
  added += ` viewBox="${view.join(" ")}" width="${view[2]}" height="${view[3]}"`;
  const rest = root.slice(4).replace(/\s(?:width|height)\s*=\s*(?:"[^"]*"|'[^']*')/g, "");
  return { svg: shown.replace(root, () => `<svg${added}${rest}`), box };
}

// The bounding box of a box that is rotated by `rotation` degrees about its corner, which is at `x` and `y`.
export function turnedBox([left, top, right, bottom], { x, y, rotation }) {
  const [cos, sin] = [Math.cos((rotation * Math.PI) / 180), Math.sin((rotation * Math.PI) / 180)];
  const corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
  const xs = corners.map(([across, down]) => x + across * cos - down * sin);
  const ys = corners.map(([across, down]) => y + across * sin + down * cos);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

// The value of an attribute in the text of a tag, or null.
function attribute(tag, name) {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag);
  return found ? found[1] ?? found[2] : null;
}

function lengthOf(value) {
  const number = Number(/^(\d{1,6}(?:\.\d{1,12})?)(?:px)?$/.exec(value?.trim() ?? "")?.[1] ?? NaN);
  return number <= LARGEST ? number : null;
}

function thickestOf(svg) {
  const widths = [...svg.matchAll(/stroke-width[=:]["']?(\d{1,4})/g)].map(([, number]) => Number(number));
  return Math.min(widths.reduce((most, each) => Math.max(most, each), 0), THICKEST);
}

// A text from GNS3 has no position: each of its lines gets one. `size` grows to the size that it needs.
function layOut(note, attributes, text, size) {
  const lines = text.split("\n");
  if (lines.length > MOST_LINES || ["x", "y", "dx", "dy", "transform"].some((name) => attribute(attributes, name) !== null)) return note;
  const letters = pixels(attribute(attributes, "font-size") ?? "10");
  const family = attribute(attributes, "font-family");
  const longest = lines.reduce((most, line) => Math.max(most, line.length), 0);
  size.width = Math.max(size.width, NOTE_LEFT + WIDE * letters * longest);
  size.height = Math.max(size.height, letters * (LINE * lines.length + 0.3));
  const rest = attributes.replace(/\s(?:font-size|font-family|xml:space)\s*=\s*(?:"[^"]*"|'[^']*')/g, "");
  const spans = lines.map((line, place) => `<tspan x="${NOTE_LEFT}" y="${1 + LINE * place}em">${line}</tspan>`);
  // Leading spaces centre a line.
  return `<text${rest} font-size="${letters}px" font-family="${family ? `${family}, ` : ""}sans-serif" xml:space="preserve">${spans.join("")}</text>`;
}

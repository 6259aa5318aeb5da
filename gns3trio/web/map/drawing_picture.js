// Prepares the SVG of a drawing for the browser. It may come from anybody, so it is not parsed into a document. Only its text is
// changed, by patterns that take linear time.

import { borderDashes } from "./dashes.js";
import { darkRules } from "./dark_colours.js";
import { pixels } from "./letters.js";
import { isBounded } from "./svg_cost.js";

// GNS3's clients begin a note this far from its left and its top; the baseline of its first line is 1em below that.
const [NOTE_LEFT, NOTE_TOP] = [4, 3];
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

const TOO_COMPLEX = '<svg width="150" height="40"><rect width="150" height="40" fill="none" stroke="#b3261e"/><text fill="#b3261e">Too complex to be shown</text></svg>';

// Returns an SVG that a browser shows as GNS3's clients show the drawing, and the box that it covers, relative to its
// position. GNS3 does not clip a drawing at its edges but an image is clipped, so the image is made larger.
export function pictureOf(svg) {
  return pictureOfBounded(isBounded(svg) ? svg : TOO_COMPLEX);
}

function pictureOfBounded(svg) {
  const [root] = ROOT.exec(svg) ?? [null];
  if (root === null) return { svg, box: [0, 0, 0, 0] };
  let added = attribute(root, "xmlns") === null ? ' xmlns="http://www.w3.org/2000/svg"' : ""; // GNS3 leaves them out
  if (attribute(root, "xmlns:xlink") === null) added += ' xmlns:xlink="http://www.w3.org/1999/xlink"';
  const [width, height] = ["width", "height"].map((name) => lengthOf(attribute(root, name)));
  const isPlain = [...svg.matchAll(/<([A-Za-z][\w:.-]*)/g)].every(([, name]) => PLAIN.has(name));
  const size = width !== null && height !== null ? { width, height } : isPlain ? extentOf(svg) : { width: 0, height: 0 };
  const shown = isPlain ? svg.replace(NOTE, (note, attributes, text) => layOut(note, attributes, text, size))
    .replace(/<\/svg\s*>\s*$/, () => `${darkStyle(svg)}</svg>`).replace(/<(?:rect|ellipse|line|path)(?=\s)[^<>]*/g, withDashes) : svg;
  if (attribute(root, "viewBox") !== null || (!size.width && !size.height)) {
    return { svg: shown.replace(root, () => `<svg${added}${root.slice(4)}`), box: width && height ? [0, 0, width, height] : [0, 0, 0, 0] };
  }
  const edge = Math.ceil(thickestOf(svg) / 2) + 1;
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

// The size of a drawing that does not tell it, from its shapes. Its notes are added when they are laid out.
function extentOf(svg) {
  const size = { width: 0, height: 0 };
  for (const [tag, name] of svg.matchAll(/<(rect|image|ellipse|line)(?=\s)[^<>]*/g)) {
    const value = (attributeName) => lengthOf(attribute(tag, attributeName)) ?? 0;
    const [right, bottom] = {
      rect: () => [value("x") + value("width"), value("y") + value("height")],
      image: () => [value("x") + value("width"), value("y") + value("height")],
      ellipse: () => [value("cx") + value("rx"), value("cy") + value("ry")],
      line: () => [Math.max(value("x1"), value("x2")), Math.max(value("y1"), value("y2"))],
    }[name]();
    Object.assign(size, { width: Math.min(Math.max(size.width, right), LARGEST), height: Math.min(Math.max(size.height, bottom), LARGEST) });
  }
  return size;
}

function withDashes(tag) {
  const written = attribute(tag, "stroke-dasharray");
  if (written === null) return tag;
  const width = Math.min(lengthOf(attribute(tag, "stroke-width")) ?? 1, THICKEST);
  return tag.replace(/(\sstroke-dasharray\s*=\s*)(?:"[^"]*"|'[^']*')/, (_, start) => `${start}"${borderDashes(written, width)}"`);
}

// A text from GNS3 has no position: each of its lines gets one. `size` grows to the size that it needs.
function layOut(note, attributes, text, size) {
  const lines = text.split("\n");
  if (lines.length > MOST_LINES || ["x", "y", "dx", "dy", "transform"].some((name) => attribute(attributes, name) !== null)) return note;
  const letters = pixels(attribute(attributes, "font-size") ?? "10");
  const family = attribute(attributes, "font-family");
  const longest = lines.reduce((most, line) => Math.max(most, line.length), 0);
  size.width = Math.max(size.width, NOTE_LEFT + WIDE * letters * longest);
  size.height = Math.max(size.height, NOTE_TOP + letters * (LINE * lines.length + 0.3));
  const rest = attributes.replace(/\s(?:font-size|font-family|xml:space)\s*=\s*(?:"[^"]*"|'[^']*')/g, "");
  const spans = lines.map((line, place) => `<tspan x="${NOTE_LEFT}" y="${Math.round(100 * (NOTE_TOP + letters * (1 + LINE * place))) / 100}">${line}</tspan>`);
  // Leading spaces centre a line.
  return `<text${rest} font-size="${letters}px" font-family="${family ? `${family}, ` : ""}sans-serif" xml:space="preserve">${spans.join("")}</text>`;
}

// The SVG of drawings, as GNS3's clients write it: one shape or one text in an <svg>. Sans-DOM: it may come from anybody, so its text
// is read by patterns that take linear time, and never becomes part of the page.

import { xmlText, xmlValue } from "./xml_text.js";

// Borders by name, with the dashes by which GNS3's clients recognise them.
const BORDERS = new Map([
  ["solid", ""],
  ["dash", "25, 25"],
  ["dot", "5, 25"],
  ["dash-dot", "5, 25, 25"],
  ["dash-dot-dot", "25, 25, 5, 25, 5"],
]);
const NO_BORDER = "none";
export const BORDER_NAMES = [...BORDERS.keys(), NO_BORDER];

const ATTRIBUTES = /(?<=\s)([A-Za-z_][\w:.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;
const ONE_SHAPE = /^(?:<\?xml[^<>]*>)?\s*<svg((?:\s[^<>]*)?)>\s*<(rect|ellipse|line|text|image)(\s[^<>]*?)?(?:\/>|>([^<]*)<\/\2\s*>)\s*<\/svg\s*>\s*$/;
const ROOT = /<svg(?=[\s/>])[^<>]*/;
// What is read of each element. One with other attributes is shown, but is not edited here, as that would lose them.
const STROKE = ["stroke", "stroke-width", "stroke-dasharray"];
const FILL = ["fill", "fill-opacity"];
const KNOWN = {
  rect: new Set([...FILL, ...STROKE, "width", "height", "rx", "ry"]),
  ellipse: new Set([...FILL, ...STROKE, "cx", "cy", "rx", "ry"]),
  line: new Set([...STROKE, "x1", "x2", "y1", "y2"]),
  text: new Set([...FILL, "font-family", "font-size", "font-weight", "font-style", "text-decoration", "xml:space", "width", "height"]),
};
const LONGEST = 100000; // pixels

// What a drawing is: {kind, width, height} with what belongs to the kind, "rectangle", "ellipse", "line" or "note". Of a "picture" and
// of an "other" drawing only the size is known, or null.
export function readShape(svg) {
  const root = ROOT.exec(svg);
  if (root === null) return { kind: "other", width: null, height: null };
  const size = attributesOf(root[0].slice(4));
  const [width, height] = [size.get("width"), size.get("height")].map((value) => lengthOf(value));
  const shape = { kind: "other", width, height };
  const [, , name, found, text] = ONE_SHAPE.exec(svg) ?? [];
  if (name === "image") return { ...shape, kind: "picture" };
  if (name === undefined || width === null || height === null || size.has("viewBox") || size.has("style")) return shape;
  const given = attributesOf(found ?? "");
  if ([...given.keys()].some((each) => !KNOWN[name].has(each)) || (text?.trim() && name !== "text")) return shape;
  return { ...shape, ...READERS[name](given, shape, text ?? "") };
}

const READERS = {
  rect: (given, { width, height }) => ({
    kind: "rectangle", ...fillOf(given), ...strokeOf(given), radius: numberOf(given.get("rx") ?? given.get("ry"), 0),
    width: lengthOf(given.get("width")) ?? width, height: lengthOf(given.get("height")) ?? height,
  }),
  ellipse: (given, { width, height }) => ({
    kind: "ellipse", ...fillOf(given), ...strokeOf(given),
    width: Math.round(2 * numberOf(given.get("rx"), width / 2)), height: Math.round(2 * numberOf(given.get("ry"), height / 2)),
  }),
  line: (given) => ({
    kind: "line", ...strokeOf(given), ...Object.fromEntries(["x1", "y1", "x2", "y2"].map((name) => [name, numberOf(given.get(name), 0)])),
  }),
  text: (given, shape, text) => ({
    kind: "note", text: xmlText(text), color: given.get("fill") ?? "#000000", opacity: opacityOf(given),
    family: given.get("font-family") ?? "Sans", size: numberOf(given.get("font-size")?.replace(/p[tx]$/, ""), 10),
    bold: given.get("font-weight") === "bold", italic: given.get("font-style") === "italic", underline: given.get("text-decoration") === "underline",
  }),
};

const fillOf = (given) => ({ fill: given.get("fill") ?? "#000000", opacity: given.get("fill") === "none" ? 0 : opacityOf(given) });
const opacityOf = (given) => Math.min(Math.max(numberOf(given.get("fill-opacity"), 1), 0), 1);

function strokeOf(given) {
  const [stroke, width] = [given.get("stroke"), numberOf(given.get("stroke-width"), 1)];
  return { stroke: stroke && stroke !== "none" ? stroke : "#000000", strokeWidth: width, border: borderOf(stroke, width, given.get("stroke-dasharray")) };
}

function borderOf(stroke, width, dashes) {
  if (!stroke || stroke === "none" || width === 0) return NO_BORDER;
  const plain = (dashes ?? "").replaceAll(/[\s,]+/g, " ").trim();
  const found = [...BORDERS].find(([, known]) => known.replaceAll(", ", " ") === (plain === "none" ? "" : plain));
  return found?.[0] ?? "dash";
}

// The SVG of a shape, which `readShape` has read or which has the same fields.
export function writeShape(shape) {
  const { width, height } = shape;
  return `<svg height="${whole(height)}" width="${whole(width)}">${WRITERS[shape.kind](shape)}</svg>`;
}

const WRITERS = {
  rectangle: (shape) => element("rect", {
    ...filled(shape), height: whole(shape.height), ...stroked(shape), width: whole(shape.width),
    ...(shape.radius > 0 && { rx: plain(shape.radius), ry: plain(shape.radius) }),
  }),
  ellipse: (shape) => element("ellipse", {
    cx: plain(shape.width / 2), cy: plain(shape.height / 2), ...filled(shape), rx: plain(shape.width / 2), ry: plain(shape.height / 2), ...stroked(shape),
  }),
  line: (shape) => element("line", { ...stroked(shape), x1: plain(shape.x1), x2: plain(shape.x2), y1: plain(shape.y1), y2: plain(shape.y2) }),
  note: (shape) => element("text", {
    fill: shape.color, "fill-opacity": decimal(shape.opacity), "font-family": shape.family, "font-size": decimal(shape.size),
    ...(shape.italic && { "font-style": "italic" }), ...(shape.bold && { "font-weight": "bold" }), ...(shape.underline && { "text-decoration": "underline" }),
  }, shape.text),
};

// GNS3's web UI shows no shape without a stroke, and its desktop draws one of no width as a thin line.
const unbordered = ({ fill }) => (fill === undefined ? {} : { stroke: fill === "none" ? "#ffffff" : fill, "stroke-width": "0" });
const filled = ({ fill, opacity }) => ({ fill: fill === "none" ? "#ffffff" : fill, "fill-opacity": decimal(opacity) });

function stroked({ fill, stroke, strokeWidth, border }) {
  if (border === NO_BORDER) return unbordered({ fill });
  const dashes = BORDERS.get(border);
  return { stroke, ...(dashes && { "stroke-dasharray": dashes }), "stroke-width": plain(strokeWidth) };
}

function element(name, attributes, text) {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlValue(value)}"`).join("");
  return text === undefined ? `<${name}${given} />` : `<${name}${given}>${xmlValue(text)}</${name}>`;
}

const whole = (length) => Math.max(Math.round(length), 0);
const plain = (number) => String(Math.round(100 * number) / 100);
const decimal = (number) => (Number.isInteger(number) ? number.toFixed(1) : plain(number)); // as GNS3's clients write it

// The SVG of a picture: `link` is a data: URL.
export const writePicture = (link, width, height) =>
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" height="${whole(height)}" width="${whole(width)}">` +
  `<image height="${whole(height)}" width="${whole(width)}" xlink:href="${xmlValue(link)}"/></svg>`;

// A picture or another drawing in a new size.
export function resizedPicture(svg, width, height) {
  const [root] = ROOT.exec(svg);
  const before = readShape(svg);
  const given = attributesOf(root.slice(4));
  const rest = root.slice(4).replace(SIZE, "");
  const box = given.has("viewBox") || before.kind === "picture" ? "" : ` viewBox="0 0 ${before.width} ${before.height}" preserveAspectRatio="none"`;
  const size = ` height="${whole(height)}" width="${whole(width)}"`;
  const sized = svg.replace(root, () => `<svg${size}${box}${rest}`);
  if (before.kind !== "picture") return sized;
  return sized.replace(/<image(\s[^<>]*?)(\/?>)/, (_, attributes, end) => `<image${size}${attributes.replace(SIZE, "")}${end}`);
}

const SIZE = /\s(?:width|height)\s*=\s*(?:"[^"]*"|'[^']*')/g;

const attributesOf = (tag) => new Map([...tag.matchAll(ATTRIBUTES)].map(([, name, double, single]) => [name, xmlText(double ?? single)]));

const numberOf = (text, usual) => (/^-?\d{1,6}(?:\.\d{1,12})?$/.test(text?.trim() ?? "") ? Number(text) : usual);

function lengthOf(text) {
  const number = numberOf(text?.replace(/px$/, ""), NaN);
  return number >= 0 && number <= LONGEST ? number : null;
}

const KINDS = { rectangle: "Rectangle", ellipse: "Ellipse", line: "Line", note: "Note", picture: "Picture", other: "Drawing" };
const LONGEST_NAME = 60;

// What a drawing is, in words.
export function nameOfShape(shape) {
  const words = shape.kind === "note" ? shape.text.replaceAll(/\s+/g, " ").trim() : "";
  return words ? `${KINDS.note} “${words.length > LONGEST_NAME ? `${words.slice(0, LONGEST_NAME)}…` : words}”` : KINDS[shape.kind];
}

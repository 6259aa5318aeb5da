// Whether a browser draws an SVG in a time that fits its length. In a few lines that refer to each other, an SVG can have billions of
// elements, and the page would hang. The text is read by patterns that take linear time; what they do not understand is not shown.
// gns3trio/svg_cost.py decides the same of symbols, with an XML parser; both are tested with the same pictures.

import { xmlText } from "../drawings/xml_text.js";
import { HEAD_BYTES, MOST_PIXELS, pixelsOf } from "./raster_size.js";

// So many elements may be drawn more than those that are written.
const MOST_MORE = 20000;
// SVG in SVG in SVG is nobody's picture.
const MOST_NESTED = 3;
// Elements in each other.
const MOST_OPEN = 100;
// Texts in one attribute that may be pictures.
const MOST_INNER = 8;
const MOST_TARGETS = 1_000_000;
const LONGEST_NAME = 200;

// Comments, CDATA, instructions, a document type that defines no entities, tags. Each is taken whole: nothing in it is a tag.
const TOKEN = /<!--[^]*?(?:-->|$)|<!\[CDATA\[([^]*?)(?:\]\]>|$)|<\?([^]*?)(?:\?>|$)|<!DOCTYPE[^[\]<>]*>|<(\/?)([^\s<>/!?"'=][^\s<>/"'=]*)((?:"[^"]*"|'[^']*'|[^<>"'])*)>/g;
const ATTRIBUTE = /(?<![^\s"'])([^\s=<>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
// Other encodings hide tags from who takes their bytes for ASCII.
const FOREIGN = /(?:encoding|charset)\s*=(?!\s*["']?(?:utf-?8|us-ascii|ascii|iso-8859-1|windows-1252))/i;
// What is set on an element with one of these is not set on those in it.
const NOT_INHERITED = new Set(["clip-path", "filter", "mask"]);
// A filter works on each pixel: it costs as much as so many elements.
const FILTER_COST = 100;
// Properties whose value has filters or shadows, as functions or as a list.
const HAS_FILTERS = /^(?:(?:backdrop-)?filter|(?:box|text)-shadow)$/;
const FILTER_IN_STYLE = /(?:filter|shadow)\s*:/;
// These say what an animation sets, on any element.
const ANIMATED = new Set(["to", "from", "by", "values"]);
const AT_POINTS = /\bmarker(?:-mid)?(?![\w-])/;
// These only have values for what refers to them.
const GRADIENTS = new Set(["linearGradient", "radialGradient", "stop"]);
// These contain pages.
const FRAMES = new Set(["iframe", "frame", "object", "embed"]);

export function isBounded(svg, depth = 1) {
  if (depth > MOST_NESTED || svg.includes("\0")) return false;
  const picture = new Picture(depth);
  let end = 0;
  for (const token of svg.matchAll(TOKEN)) {
    const text = svg.slice(end, token.index);
    if (text.includes("<")) break; // no XML: a browser reads no more of it
    if (!picture.readText(text) || !picture.read(token)) return false;
    end = token.index + token[0].length;
  }
  const rest = svg.slice(end);
  return !rest.startsWith("<!DOCTYPE", rest.indexOf("<")) && picture.readText(rest.split("<", 1)[0]) && picture.cost() <= MOST_MORE;
}

class Picture {
  constructor(depth) {
    this.depth = depth;
    this.count = 0; // elements so far
    this.filters = 0; // what the filters cost that no other element describes
    this.pixels = 0; // of the rasters inside
    this.points = 0; // of their paths, at most; each may have a marker
    this.targets = []; // what they refer to, in their order: {id, owner, atPoints}; all elements in the owner show it, if there is one
    this.byId = new Map();
    this.open = [];
    this.styled = new Set(); // what style sheets and animations refer to: any element may show it
    this.stylesPoints = false; // whether these set markers at points
    this.stylesFilters = false; // or filters
    this.styles = 0; // how many style sheets are open
  }

  // Text between two tokens.
  readText(text) {
    return this.styles === 0 || this.readStyle(xmlText(text));
  }

  readStyle(text) {
    for (const id of targetsIn(text)) this.styled.add(id);
    if (AT_POINTS.test(text)) this.stylesPoints = true;
    if (FILTER_IN_STYLE.test(text)) this.stylesFilters = true;
    return this.areInnerBounded(text);
  }

  // Whether the picture may still be shown.
  read([whole, cdata, instruction, slash, name, attributes]) {
    if (cdata !== undefined) return this.styles === 0 || this.readStyle(cdata);
    if (instruction !== undefined) return !FOREIGN.test(instruction);
    if (name === undefined) return true;
    if (slash) this.close();
    else if (!this.begin(name.replace(/^.*:/, ""), attributes)) return false;
    if (!slash && whole.endsWith("/>")) this.close();
    return (this.open.length <= MOST_OPEN || !this.targets.length) && this.targets.length <= MOST_TARGETS;
  }

  begin(name, attributes) {
    const element = { name, id: null, first: this.targets.length, own: 0, count: this.count, also: null };
    this.open.push(element);
    this.count += 1;
    if (name === "style") this.styles += 1;
    for (const [, attribute, double, single] of attributes.matchAll(ATTRIBUTE)) {
      const value = xmlText((double ?? single).replaceAll(/[\t\n\r]/g, " "));
      if (attribute === "id") element.id = value.trim();
      if (attribute === "d" || attribute === "points") this.points += value.length;
      this.count += filterCost(name, attribute, value);
      if (attribute.includes(":") && !attribute.endsWith(":href")) continue;
      for (const [property, part] of propertiesOf(attribute, value)) this.refer(element, property, part);
      if (!this.areInnerBounded(value)) return false;
    }
    return !FRAMES.has(name);
  }

  refer(element, property, value) {
    if (HAS_FILTERS.test(property) && /[(,]|px/.test(value.replaceAll(/url\([^()]*\)/gi, ""))) {
      const cost = FILTER_COST * value.split(/[(,]/).length;
      [this.filters, this.count] = [this.filters + cost, this.count + cost];
    }
    if (property === "attributeName" && AT_POINTS.test(value)) this.stylesPoints = true;
    for (const id of targetsIn(value)) {
      if (ANIMATED.has(property)) this.styled.add(id);
      else this.targets.push({ id, owner: property.endsWith("href") || NOT_INHERITED.has(property) ? null : element, atPoints: AT_POINTS.test(property) });
    }
  }

  close() {
    const element = this.open.pop();
    if (!element) return;
    Object.assign(element, { own: this.count - element.count, last: this.targets.length });
    if (element.name === "style") this.styles -= 1;
    if (element.id === null) return;
    // Of several elements with one id, browsers take the first; here the most expensive counts.
    element.also = this.byId.get(element.id) ?? null;
    this.byId.set(element.id, element);
  }

  // Whether the pictures inside of this one may be shown.
  areInnerBounded(value) {
    let count = 0;
    for (const each of written(value)) {
      const plain = each.replaceAll(/[\t\n\r]/g, "");
      for (const { index } of plain.matchAll(/data:\s*image\//gi)) {
        const comma = plain.indexOf(",", index);
        count += 1;
        if (count > MOST_INNER || comma < 0 || !this.isInnerBounded(plain.slice(index, comma), plain, comma + 1)) return false;
      }
    }
    return true;
  }

  isInnerBounded(kind, text, start) {
    if (/^data:\s*image\/svg/i.test(kind)) return !FOREIGN.test(kind) && isBounded(utf8(contentOf(kind, text.slice(start))), this.depth + 1);
    this.pixels += pixelsOf(contentOf(kind, text.slice(start, start + 3 * HEAD_BYTES)));
    return this.pixels <= MOST_PIXELS;
  }

  // How many elements are drawn because others refer to them.
  cost() {
    while (this.open.length) this.close();
    const costs = new Map();
    const running = new Set();
    const sizes = new Map();

    // An element with all that is in it.
    const costOf = (element) => {
      if (!element || GRADIENTS.has(element.name)) return 0;
      if (costs.has(element)) return costs.get(element);
      if (running.has(element) || running.size > MOST_OPEN) return Infinity; // what contains itself is nobody's picture
      running.add(element);
      const cost = Math.max(element.own + sum(element), costOf(element.also));
      running.delete(element);
      costs.set(element, cost);
      return cost;
    };
    // How many elements show what is set on an element for all in it.
    const sizeOf = (element) => {
      if (!sizes.has(element)) sizes.set(element, element.own + sum(element, element));
      return sizes.get(element);
    };
    const sum = ({ first, last }, except = null) => {
      let total = 0;
      for (let place = first; place < last && total <= MOST_MORE; place += 1) {
        const { id, owner, atPoints } = this.targets[place];
        const cost = owner && owner === except ? 0 : costOf(this.byId.get(id));
        if (cost) total += cost * (this.byId.get(id).name === "filter" ? FILTER_COST : 1) * (owner ? sizeOf(owner) : 1) * (atPoints ? this.points + 1 : 1);
      }
      return total;
    };

    const drawn = this.filters + sum({ first: 0, last: this.targets.length }) + (this.stylesFilters ? FILTER_COST * this.count : 0);
    const weigh = ({ name }) => (name === "filter" ? FILTER_COST : 1) * (this.stylesPoints ? this.points + 1 : 1);
    const times = [...this.styled].map((id) => this.byId.get(id)).filter((each) => each && costOf(each)).map((each) => costOf(each) * weigh(each));
    return times.length ? times.reduce((product, cost) => product * (1 + cost), this.count + drawn) : drawn;
  }
}

// The name of the property in a declaration of CSS, or "".
function propertyOf(declaration) {
  const at = declaration.indexOf(":");
  const name = declaration.slice(0, Math.max(at, 0)).trim();
  return /^[\w-]*$/.test(name) ? name : "";
}

// The properties that an attribute sets: [name, value].
const propertiesOf = (attribute, value) =>
  (attribute === "style" ? value.split(";").map((each) => [propertyOf(each), each]) : [[attribute, value]]);

// What parts of filters cost beside others.
function filterCost(name, attribute, value) {
  if (name === "feMorphology" && attribute === "radius") return Math.ceil(Math.min(MOST_MORE, (value.match(/\d+(?:\.\d+)?/g) ?? []).reduce((most, each) => Math.max(most, Number(each)), 0)));
  if (name === "feConvolveMatrix" && attribute === "kernelMatrix") return Math.ceil(value.length / 2);
  return name === "feTurbulence" && attribute === "baseFrequency" ? 4 : 0;
}

// A text, and what it means to CSS if it has escapes.
const written = (text) => (text.includes("\\") ? [text, text.replaceAll(/\\(?:([0-9a-fA-F]{1,6})\s?|([^]))/g, (_, hex, letter) => letter ?? character(parseInt(hex, 16)))] : [text]);

const character = (code) => (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\uFFFD");

// What a value may refer to: each "#name" in it, as CSS and as URLs write it.
function targetsIn(value) {
  const found = new Set();
  const add = (name) => {
    found.add(name.trim());
    if (name.includes("%")) found.add(utf8(bytesOf(name)).trim());
  };
  for (const each of written(value)) {
    const first = each.indexOf("#");
    if (first >= 0) add(each.slice(first + 1, first + 1 + LONGEST_NAME));
    for (let at = first; at >= 0 && found.size <= MOST_MORE; at = each.indexOf("#", at + 1)) {
      for (const end of [/["')]/, /[\s;,"')]/]) add(each.slice(at + 1, at + 1 + LONGEST_NAME).split(end, 1)[0]);
    }
  }
  return found;
}

// The bytes of a text in a URL, in UTF-8: %XX is one byte.
function bytesOf(text) {
  const bytes = new TextEncoder().encode(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const hex = bytes[at] === PERCENT ? String.fromCharCode(...bytes.subarray(at + 1, at + 3)) : "";
    const isByte = /^[0-9a-f]{2}$/i.test(hex);
    bytes[length] = isByte ? parseInt(hex, 16) : bytes[at];
    length += 1;
    if (isByte) at += 2;
  }
  return bytes.subarray(0, length);
}

const PERCENT = 0x25;
const utf8 = (bytes) => new TextDecoder().decode(bytes);

// What is in a data: URL.
function contentOf(kind, data) {
  const bytes = bytesOf(data);
  if (!/;\s*base64/i.test(kind)) return bytes;
  const [base64] = utf8(bytes).split(/[^A-Za-z0-9+/]/, 1);
  const rest = base64.length % 4; // perhaps it was cut
  return Uint8Array.from(atob(rest === 1 ? base64.slice(0, -1) : base64), (letter) => letter.charCodeAt(0));
}

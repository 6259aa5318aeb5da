// Labs are drawn for a white page. On a dark page each of their colours becomes one of the same hue: areas dark, and texts and lines light,
// so that labels can be read on them.

// Relative luminances (WCAG 2): the page's texts have a contrast of 4.5 on an area that is not lighter, and texts and lines are not darker.
const [LIGHTEST_AREA, DARKEST_LINE] = [0.1, 0.2];
const STEPS = 40;
// So many different colours of one drawing are changed.
const MOST_COLOURS = 100;
const NAMED = { __proto__: null, black: "#000000", white: "#ffffff" };

const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

// The relative luminance of [red, green, blue], each from 0 to 1.
export const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);

function read(color) {
  const text = color.trim().toLowerCase();
  const digits = /^#([0-9a-f]{6}|[0-9a-f]{3})$/.exec(NAMED[text] ?? text)?.[1];
  if (!digits) return null;
  const pairs = digits.length === 3 ? [...digits].map((digit) => digit + digit) : digits.match(/../g);
  return pairs.map((pair) => parseInt(pair, 16) / 255);
}

const write = (parts) => `#${parts.map((part) => Math.round(255 * part).toString(16).padStart(2, "0")).join("")}`;

// The colour for a dark page, "area" or "line", of one in hexadecimal digits; null for another colour.
export function onDark(color, use) {
  const parts = read(color);
  if (!parts) return null;
  const [most, least] = [Math.max(...parts), Math.min(...parts)];
  const isArea = use === "area";
  const fits = (each) => (isArea ? luminance(each) <= LIGHTEST_AREA : luminance(each) >= DARKEST_LINE);
  // White becomes dark, and black light; the parts of a colour keep most of their distances, so its hue stays.
  const shift = 1 - most - least;
  const inverted = parts.map((part) => 0.1 + 0.82 * (part + shift));
  let turned = isArea === luminance(inverted) > luminance(parts) ? parts : inverted; // or it suits a dark page as it is
  const end = isArea ? 0.1 : 0.92; // nearly the colours of the page and of its texts
  for (let step = 1; step <= STEPS && !fits(turned); step += 1) turned = turned.map((part) => part + ((end - part) * step) / STEPS);
  return write(turned);
}

const FILLS = /\sfill\s*=\s*"([^"<>]{1,32})"/g;
const STROKES = /\sstroke\s*=\s*"([^"<>]{1,32})"/g;
const SHAPES = "rect, ellipse, path";

// CSS rules that change the colours in the text of a drawing on a dark page.
export function darkRules(svg) {
  const rules = [];
  const add = (pattern, name, selectorOf, use) => {
    const colours = new Set();
    for (const [, color] of svg.matchAll(pattern)) if (colours.size < MOST_COLOURS) colours.add(color);
    for (const color of colours) {
      const dark = onDark(color, use);
      if (dark) rules.push(`${selectorOf(`[${name}="${color}"]`)} { ${name}: ${dark} }`);
    }
  };
  add(FILLS, "fill", (has) => `:is(${SHAPES})${has}`, "area");
  add(FILLS, "fill", (has) => `text${has}`, "line");
  add(STROKES, "stroke", (has) => has, "line");
  return rules.join("\n");
}

// Whether a browser draws an SVG in a time that fits its length. In a few lines that refer to each other, an SVG can have billions of
// elements, and the page would hang. The text is read by patterns that take linear time.

// So many elements may be drawn more than those that are written.
const MOST_MORE = 20000;
// SVG in SVG in SVG is nobody's picture.
const MOST_NESTED = 3;

const TOKEN = /<(\/?)([A-Za-z][\w:.-]*)((?:"[^"]*"|'[^']*'|[^<>"'])*)>/g;
const REFERENCE = /(?:href\s*=\s*["']\s*#|url\(\s*["']?#)([^"')\s]{1,200})/g;
const INNER = /data:image\/svg\+xml([^,"'\s]{0,100}),([^"'\s)]*)/g;

export function isBounded(svg, depth = 1) {
  if (depth > MOST_NESTED || /<!ENTITY/.test(svg) || /<style[^<]*url\(/.test(svg)) return false;
  for (const [, kind, data] of svg.matchAll(INNER)) if (!isBounded(decoded(kind, data), depth + 1)) return false;
  return !/<use[\s/>]|url\(\s*["']?#|href\s*=\s*["']\s*#/.test(svg) || costOf(svg) <= MOST_MORE;
}

function decoded(kind, data) {
  try {
    return kind.includes("base64") ? atob(data) : decodeURIComponent(data);
  } catch {
    return ""; // a browser does not show it either
  }
}

// How many elements are drawn because others refer to them.
function costOf(svg) {
  const elements = new Map(); // by id: how many elements it has, and the ids to which these refer
  const all = { own: 0, refers: [] };
  const open = [];
  for (const [, isEnd, , attributes] of svg.matchAll(TOKEN)) {
    if (isEnd) {
      open.pop();
      continue;
    }
    const id = /\sid\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(attributes);
    const element = id ? { own: 0, refers: [] } : null;
    if (element) elements.set(id[1] ?? id[2], element);
    const refers = [...attributes.matchAll(REFERENCE)].map(([, target]) => target);
    for (const each of [all, ...open, element]) {
      if (!each) continue;
      each.own += 1;
      for (const target of refers) each.refers.push(target);
    }
    if (!attributes.endsWith("/")) open.push(element);
    if (open.length > MOST_OPEN || all.refers.length > MOST_MORE) return Infinity;
  }
  const known = new Map();
  const cost = (id, path) => {
    const element = elements.get(id);
    if (!element || path.has(id)) return 0; // a browser does not draw what contains itself
    if (path.size > MOST_OPEN) return Infinity;
    if (!known.has(id)) known.set(id, element.own + sum(element.refers, new Set([...path, id])));
    return known.get(id);
  };
  const sum = (targets, path) => targets.reduce((total, target) => (total > MOST_MORE ? total : total + cost(target, path)), 0);
  return sum(all.refers, new Set());
}

// Elements in each other, each of which counts what is in it.
const MOST_OPEN = 100;

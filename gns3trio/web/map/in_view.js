// What is in view of a large lab. A box is [left, top, right, bottom] in the lab.

import { boxOf, centreOf } from "./node_box.js";

// How many objects are drawn with all that belongs to them, which takes about ten elements each.
export const MOST_NODES = 400;
const MOST_LINKS = 500;
// How many bundles of links have a line of their own.
const MOST_BUNDLES = 300;

// The box that a window shows, with a margin in pixels for names, which are beside their nodes.
export function boxInView({ x, y, scale }, [width, height], margin = 100) {
  return [(-x - margin) / scale, (-y - margin) / scale, (width - x + margin) / scale, (height - y + margin) / scale];
}

const isWithin = (x, y, [left, top, right, bottom]) => x >= left && x <= right && y >= top && y <= bottom;

function overlaps([left, top, right, bottom], box) {
  return left <= box[2] && right >= box[0] && top <= box[3] && bottom >= box[1];
}

// Whether the line from a to b crosses a box.
export function crosses([ax, ay], [bx, by], box) {
  if (!overlaps([Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)], box)) return false;
  const [left, top, right, bottom] = box;
  const sideOf = (x, y) => Math.sign((bx - ax) * (y - ay) - (by - ay) * (x - ax));
  const sides = [sideOf(left, top), sideOf(right, top), sideOf(right, bottom), sideOf(left, bottom)];
  return sides.some((side) => side !== sides[0]) || sides[0] === 0;
}

// The nodes in a box, or null if there are more than `most`.
export function nodesInView(nodes, box, most = MOST_NODES) {
  const found = [];
  for (const node of nodes) {
    if (!overlaps(boxOf(node), box)) continue;
    if (found.length === most) return null;
    found.push(node);
  }
  return found;
}

// The links that cross a box: those drawn one by one, and the path of the rest. Links with an end in view come first.
export function linksInView(lab, box, most = MOST_LINKS) {
  const ranks = [[], [], []]; // by the number of ends out of view
  for (const link of lab.links.values()) {
    const nodes = link.nodes.map((end) => lab.nodes.get(end.node_id));
    if (nodes.length !== 2 || !nodes[0] || !nodes[1]) continue;
    const [a, b] = nodes.map(centreOf);
    const away = (isWithin(...a, box) ? 0 : 1) + (isWithin(...b, box) ? 0 : 1);
    if (away < 2 || crosses(a, b, box)) ranks[away].push({ id: link.link_id, a, b });
  }
  const found = ranks.flat();
  return { links: found.slice(0, most).map(({ id }) => id), rest: pathOf(found.slice(most)) };
}

// Groups and bundles in a box. A group of one node is that node, and a bundle of one link between two such groups that link.
export function groupsInView({ groups, bundles }, box, most = MOST_BUNDLES) {
  const shown = { nodes: [], links: [], groups: [], bundles: [], rest: "" };
  for (const group of groups.values()) {
    if (!isWithin(group.x, group.y, box)) continue;
    if (group.nodes.length === 1) shown.nodes.push(group.nodes[0]);
    else shown.groups.push(group);
  }
  const found = bundles.filter(({ from, to }) => crosses([from.x, from.y], [to.x, to.y], box)).toSorted((one, other) => other.count - one.count);
  for (const bundle of found.slice(0, most)) {
    if (bundle.link && bundle.from.nodes.length === 1 && bundle.to.nodes.length === 1) shown.links.push(bundle.link);
    else shown.bundles.push(bundle);
  }
  shown.rest = pathOf(found.slice(most).map(({ from, to }) => ({ a: [from.x, from.y], b: [to.x, to.y] })));
  return shown;
}

// One path of many lines.
const pathOf = (lines) => lines.map(({ a, b }) => `M${a.map(Math.round).join(" ")}L${b.map(Math.round).join(" ")}`).join("");

// Groups of nodes that lie near each other, and the links between groups, for large labs seen from a distance.

import { centreOf } from "./node_box.js";
import { faultOf } from "./wire_state.js";

// Nodes are grouped by the cells of a grid. In the window, a cell is CELL to 2 * CELL pixels wide, so that groups change only
// when the scale has doubled.
const CELL = 72;

// The width of a cell in the lab, at a scale.
export const cellSize = (scale) => 2 ** Math.ceil(Math.log2(CELL / scale));

// Groups by id: each has its `nodes`, how many are `started`, `kept` (not run here) and `shown` (on the host that is), and its place: the mean of their centres.
// Bundles of the links between two groups: `from` and `to` (groups), `count`, the id of the only `link` or null, and whether any is
// `busy` or `broken`. `lab` has nodes, links, problems and hosts as Lab does, and `rate(id)`.
export function groupLab(lab, size) {
  const groups = new Map();
  const columns = new Map(); // of groups by row
  const groupOf = new Map(); // by node
  for (const node of lab.nodes.values()) {
    const [x, y] = centreOf(node);
    const [column, row] = [Math.floor(x / size), Math.floor(y / size)];
    if (!columns.has(column)) columns.set(column, new Map());
    const rows = columns.get(column);
    if (!rows.has(row)) {
      const id = `group ${column} ${row} ${size}`;
      rows.set(row, { id, place: groups.size, nodes: [], started: 0, kept: 0, shown: 0, x: 0, y: 0 });
      groups.set(id, rows.get(row));
    }
    const group = rows.get(row);
    group.nodes.push(node);
    group.started += node.status === "started" ? 1 : 0;
    group.kept += lab.problems.has(node.node_id) ? 1 : 0;
    group.shown += lab.hosts.isShown(node) ? 1 : 0;
    group.x += x;
    group.y += y;
    groupOf.set(node.node_id, group);
  }
  for (const group of groups.values()) {
    group.x /= group.nodes.length;
    group.y /= group.nodes.length;
  }
  return { size, groups, bundles: bundleLinks(lab, groupOf, groups.size) };
}

function bundleLinks(lab, groupOf, count) {
  const bundles = new Map();
  for (const link of lab.links.values()) {
    if (link.nodes.length !== 2) continue; // GNS3's files may contain links with one end or none
    const [one, other] = link.nodes.map((end) => groupOf.get(end.node_id));
    if (!one || !other || one === other) continue;
    const [from, to] = one.place < other.place ? [one, other] : [other, one];
    const place = from.place * count + to.place;
    if (!bundles.has(place)) bundles.set(place, { id: `bundle ${from.id} ${to.id}`, from, to, count: 0, link: null, busy: false, broken: false });
    const bundle = bundles.get(place);
    bundle.count += 1;
    bundle.link = bundle.count === 1 ? link.link_id : null;
    bundle.busy ||= lab.rate(link.link_id).bits > 0;
    bundle.broken ||= faultOf(lab, link) === "broken";
  }
  return [...bundles.values()];
}

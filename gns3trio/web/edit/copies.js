// Copies of objects: new ids, new places, and nothing that only one of them can have.

import { randomId } from "../random_id.js";
import { sizeOf } from "../map/node_box.js";

// How far a copy lies from what it was copied from.
export const BESIDE = 40;

// Only the original has these: ports of consoles, and addresses that would be in the lab twice.
const ONLY_ONE = new Set(["console", "aux", "locked"]);
const byName = new Intl.Collator("en", { numeric: true });
const isMac = (name) => /^(mac_address|mac_addr|base_mac)$/.test(name);

// Copies of what `readObjects` has read, moved by [dx, dy]. `rename(names)` gives the names of copies; the copies are in the order of those of
// the originals, or their numbers would be mixed.
export function copiesOf({ nodes: unordered, links, drawings }, [dx, dy], rename) {
  const nodes = unordered.toSorted((a, b) => byName.compare(a.body.name, b.body.name));
  const ids = new Map(nodes.map(({ body }) => [body.node_id, randomId()]));
  const names = rename(nodes.map(({ body }) => body.name));
  return {
    nodes: nodes.map(({ body, files }, place) => ({ body: { ...copyOfNode(body), name: names[place], node_id: ids.get(body.node_id), x: body.x + dx, y: body.y + dy }, files })),
    links: links.map(({ body, impairments }) => ({
      body: { ...body, link_id: randomId(), nodes: body.nodes.map((end) => ({ ...end, node_id: ids.get(end.node_id) })) },
      impairments,
    })),
    drawings: drawings.map(({ body }) => ({ body: { ...body, locked: false, drawing_id: randomId(), x: body.x + dx, y: body.y + dy } })),
  };
}

function copyOfNode(body) {
  const kept = Object.fromEntries(Object.entries(body).filter(([name]) => !ONLY_ONE.has(name)));
  const properties = Object.fromEntries(Object.entries(body.properties ?? {}).filter(([name]) => !isMac(name)));
  const adapters = (body.custom_adapters ?? []).map((adapter) => Object.fromEntries(Object.entries(adapter).filter(([name]) => !isMac(name))));
  return { ...kept, properties, ...(body.custom_adapters && { custom_adapters: adapters }) };
}

// Of the links of a lab, those between these nodes.
export function linksAmong(lab, nodes) {
  const ids = new Set(nodes.map(({ node_id }) => node_id));
  const links = new Set();
  for (const id of ids) {
    for (const link of lab.linksOfNode.get(id) ?? []) {
      const ends = lab.links.get(link)?.nodes ?? [];
      if (ends.length === 2 && ends.every((end) => ids.has(end.node_id))) links.add(link);
    }
  }
  return [...links].map((id) => lab.links.get(id));
}

// The middle of all objects.
export function middleOfAll({ nodes, drawings }) {
  const points = [...nodes.map(({ body }) => [body.x + sizeOf(body)[0] / 2, body.y + sizeOf(body)[1] / 2]), ...drawings.map(({ body }) => [body.x, body.y])];
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const between = (values) => Math.round((values.reduce((a, b) => Math.min(a, b)) + values.reduce((a, b) => Math.max(a, b))) / 2);
  return points.length ? [between(xs), between(ys)] : [0, 0];
}

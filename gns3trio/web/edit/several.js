// Adds several nodes of a type at once, perhaps each with a link to the same node, as one step that can be undone.

import { post, remove } from "../api.js";
import { counted } from "../format.js";
import { sizeOf } from "../map/node_box.js";
import { COLUMN, ROW, freePlace } from "../map/places.js";
import { randomId } from "../random_id.js";
import { withNumber } from "./numbering.js";
import { creationOf, deletionOf, readObjects } from "./recreation.js";

// So many nodes are added at once.
export const MOST = 100;
// How far below the node with which they are linked the first row is.
const BELOW = 1.4 * ROW;

// Corners for new nodes, in rows around a point or, with a node, below that. They cover no other node.
export function placesOf(count, point, target, nodes) {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const [x, y] = target ? [target.x + sizeOf(target)[0] / 2, target.y + sizeOf(target)[1] / 2 + BELOW] : [point[0], point[1] - (ROW * (rows - 1)) / 2];
  const taken = [...nodes];
  return Array.from({ length: count }, (_, made) => {
    const [row, column] = [Math.floor(made / columns), made % columns];
    const inRow = Math.min(columns, count - row * columns);
    const place = freePlace([x + COLUMN * (column - (inRow - 1) / 2), y + ROW * row], taken);
    taken.push({ x: place[0], y: place[1] });
    return place;
  });
}

// `numbers` are those of the nodes, `pattern` of their names; `kind` is a type or the id of a template, `script` the start-up script with {n}, or
// null; `target` is the node with which each is linked, or null. Resolves with the nodes.
export async function createSeveral({ lab, history }, { kind, host, pattern, numbers, script, places, target }) {
  const ports = target ? lab.freePorts(target) : [];
  if (target && ports.length < numbers.length) throw new Error(`target: ${target.name} has ${counted(ports.length, "free port")}.`);
  const bodies = numbers.map((number, place) => ({
    node_id: randomId(), name: withNumber(pattern, number), node_type: kind, compute_id: host, x: places[place][0], y: places[place][1],
    properties: script === null ? {} : { startup_script: withNumber(script, number) },
  }));
  const text = ([first, ...others]) => `Add ${first.name}${others.length ? ` to ${others.at(-1).name}` : ""}`;
  if (lab.templates.has(kind)) return createFromTemplate({ lab, history }, kind, bodies, (nodes) => linksTo(target, ports, nodes), text);
  const objects = { nodes: bodies.map((body) => ({ body, files: [] })), links: linksTo(target, ports, bodies), drawings: [] };
  const replies = await history.make((made) => text(made.slice(0, bodies.length)), creationOf(lab, objects), deletionOf(lab, objects));
  return replies.slice(0, bodies.length);
}

// A link from each node to a port of the target. Their own ports are the first ones.
function linksTo(target, ports, nodes) {
  if (!target) return [];
  return nodes.map(({ node_id }, place) => {
    const { adapter_number, port_number } = ports[place];
    const ends = [{ node_id, adapter_number: 0, port_number: 0 }, { node_id: target.node_id, adapter_number, port_number }];
    return { body: { link_id: randomId(), nodes: ends }, impairments: { impairments: [], seed: null } };
  });
}

// The server chooses the ids of such nodes. What was made is deleted if not all can be made.
async function createFromTemplate({ lab, history }, template, bodies, linksOf, text) {
  const nodes = [];
  try {
    for (const { name, compute_id, x, y } of bodies) nodes.push(await post(`${lab.path}/templates/${template}`, { name, compute_id, x, y }));
    for (const node of nodes) if (!lab.nodes.has(node.node_id)) lab.apply("node.created", node);
    const objects = { ...(await readObjects(lab, { nodes, links: [], drawings: [] })), links: linksOf(nodes) };
    for (const { body } of objects.links) await post(`${lab.path}/links`, body);
    history.record(text(nodes), creationOf(lab, objects), deletionOf(lab, objects));
  } catch (error) {
    await Promise.allSettled(nodes.map(({ node_id }) => remove(`${lab.path}/nodes/${node_id}`)));
    throw error;
  }
  return nodes;
}

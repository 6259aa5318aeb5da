// The requests that create objects of a lab again as they are: to undo a deletion, and for copies.

import { get, getText } from "../api.js";
import { counted } from "../format.js";
import { mapSome } from "./at_a_time.js";

// Longer files, and more of them, are not kept for an undo.
const [LONGEST_FILE, MOST_FILES] = [100_000, 20];
// Of more nodes, only what the page knows already is kept: nobody waits for thousands of requests.
const MOST_READ = 500;
// What a reply tells of a node beside what it was created with.
const NOT_CREATED = new Set(["command_line", "console_host", "node_directory", "ports", "project_id", "status"]);
const NO_IMPAIRMENTS = { impairments: [], seed: null };

const withoutKeys = (object, keys) => Object.fromEntries(Object.entries(object).filter(([key]) => !keys.has(key)));

const nodeBody = (node) => withoutKeys(node, NOT_CREATED);
const drawingBody = ({ drawing_id, x, y, z, locked, rotation, svg }) => ({ drawing_id, x, y, z, locked, rotation, svg });
export const linkBody = ({ link_id, nodes, filters, link_style, suspend }) => ({
  link_id,
  nodes: nodes.map(({ node_id, adapter_number, port_number, label }) => ({ node_id, adapter_number, port_number, ...(label && { label }) })),
  filters,
  link_style,
  suspend,
});

// Reads what only the server knows of objects: {nodes, links, drawings, lost}. A node is {body, files: [{name, text}]}, a link {body,
// impairments}, a drawing {body}. `lost` are sentences about what cannot be created again.
export async function readObjects(lab, { nodes, links, drawings }) {
  const lost = nodes.length > MOST_READ ? [`the files and engines of ${counted(nodes.length, "node")}`] : [];
  return {
    nodes: nodes.length > MOST_READ ? nodes.map((node) => ({ body: nodeBody(node), files: [] })) : await mapSome(nodes, (node) => readNode(lab, node, lost)),
    links: links.map((link) => ({ body: linkBody(link), impairments: impairmentsOf(lab, link.link_id) })),
    drawings: drawings.map((drawing) => ({ body: drawingBody(drawing) })),
    lost,
  };
}

async function readNode(lab, node, lost) {
  const type = lab.types.get(node.node_type);
  const path = `${lab.path}/nodes/${node.node_id}`;
  const body = nodeBody(node);
  const files = [];
  if (!type || type.image_property) lost.push(`the disks and files of ${node.name}`);
  if (type?.engines.length) {
    const { engine, is_default } = (await unlessRefused(() => get(`${path}/engine`))) ?? { is_default: true };
    if (!is_default) body.engine = engine;
  }
  if (type && !type.image_property && !type.always_runs) files.push(...(await readFiles(node, path, lost)));
  return { body, files };
}

// The text files of a node that are not too large.
async function readFiles(node, path, lost) {
  const { files, is_whole } = (await unlessRefused(() => get(`${path}/files`))) ?? { files: [], is_whole: false };
  if (!is_whole) lost.push(`some files of ${node.name}`);
  const kept = [];
  for (const { path: name, size } of files) {
    const isSmall = size !== null && size <= LONGEST_FILE && kept.length < MOST_FILES;
    const text = isSmall ? await unlessRefused(() => getText(filePath(path, name))) : null;
    if (text !== null && !text.includes("\uFFFD")) kept.push({ name, text });
    else lost.push(`${name} of ${node.name}`);
  }
  return kept;
}

const filePath = (node, name) => `${node}/files/${name.split("/").map(encodeURIComponent).join("/")}`;

function impairmentsOf(lab, id) {
  const { impairments, seed } = lab.impairments.get(id) ?? NO_IMPAIRMENTS;
  return { impairments, seed };
}

// What a request answers, or null if the server refuses it: there is no such file, or the host of the node is away.
async function unlessRefused(ask) {
  try {
    return await ask();
  } catch (error) {
    if (error.status === undefined) throw error;
    return null;
  }
}

// The requests that create what `readObjects` has read, in order.
export function creationOf(lab, { nodes, links, drawings }) {
  return [
    ...nodes.map(({ body }) => ({ method: "POST", path: `${lab.path}/nodes`, body })),
    ...nodes.flatMap(({ body, files }) => files.map(({ name, text }) => ({ method: "POST", path: filePath(`${lab.path}/nodes/${body.node_id}`, name), text }))),
    ...links.map(({ body }) => ({ method: "POST", path: `${lab.path}/links`, body })),
    ...links.filter(({ impairments }) => impairments.impairments.length).map(({ body, impairments }) => ({ method: "PUT", path: `${lab.path}/links/${body.link_id}/impairments`, body: impairments })),
    ...drawings.map(({ body }) => ({ method: "POST", path: `${lab.path}/drawings`, body })),
  ];
}

// The requests that delete what these create.
export function deletionOf(lab, { nodes, links, drawings }) {
  const ofNodes = new Set(nodes.map(({ body }) => body.node_id));
  const alone = links.filter(({ body }) => !body.nodes.some((end) => ofNodes.has(end.node_id))); // the others go with their nodes
  const paths = [...drawings.map(({ body }) => `drawings/${body.drawing_id}`), ...alone.map(({ body }) => `links/${body.link_id}`), ...nodes.map(({ body }) => `nodes/${body.node_id}`)];
  return paths.map((path) => ({ method: "DELETE", path: `${lab.path}/${path}` }));
}

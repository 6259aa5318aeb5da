// Creates nodes and links in a lab, in steps that can be undone.

import { post } from "../api.js";
import { askForImage } from "../panels/new_node.js";
import { randomId } from "../random_id.js";
import { creationOf, deletionOf, readObjects } from "./recreation.js";

// Creates a node of a type, or from a template. Resolves with the node, or null if the user has cancelled it.
export async function createNode(tools, kind, host, [x, y]) {
  const { lab, history } = tools;
  if (lab.templates.has(kind)) return createFromTemplate(tools, kind, host, [x, y]);
  const type = lab.types.get(kind);
  const create = async (properties) => {
    const body = { node_id: randomId(), name: type.name_format, node_type: kind, compute_id: host, x, y, properties };
    const redo = [{ method: "POST", path: `${lab.path}/nodes`, body }];
    const undo = [{ method: "DELETE", path: `${lab.path}/nodes/${body.node_id}` }];
    const [node] = await history.make(([made]) => `Add ${made.name}`, redo, undo);
    return node;
  };
  return type.image_property ? askForImage(type, host, create) : create({});
}

// The server chooses the id of such a node. A redo creates the node as it is.
async function createFromTemplate({ lab, history }, template, host, [x, y]) {
  const node = await post(`${lab.path}/templates/${template}`, { compute_id: host, x, y });
  if (!lab.nodes.has(node.node_id)) lab.apply("node.created", node);
  const objects = await readObjects(lab, { nodes: [node], links: [], drawings: [] });
  history.record(`Add ${node.name}`, creationOf(lab, objects), deletionOf(lab, objects), [{ name: node.name }]);
  return node;
}

// Creates a link between two ends {node_id, adapter_number, port_number}. Without a port, an end is at the first free one.
export async function createLink({ lab, history }, ends) {
  const body = { link_id: randomId(), nodes: ends.map((end) => withPort(lab, end)) };
  const redo = [{ method: "POST", path: `${lab.path}/links`, body }];
  const undo = [{ method: "DELETE", path: `${lab.path}/links/${body.link_id}` }];
  const names = ends.map(({ node_id }) => lab.nodes.get(node_id).name);
  const [link] = await history.make(`Link ${names.join(" and ")}`, redo, undo);
  return link;
}

function withPort(lab, { node_id, adapter_number, port_number }) {
  if (port_number !== undefined) return { node_id, adapter_number, port_number };
  const node = lab.nodes.get(node_id);
  const [port] = lab.freePorts(node);
  if (!port) throw new Error(`${node.name} has no free port.`);
  return { node_id, adapter_number: port.adapter_number, port_number: port.port_number };
}

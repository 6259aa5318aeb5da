// Changes of the labels of nodes and of the ends of links, each of which can be undone.

import { readLabelStyle, writeLabelStyle } from "../map/label_style.js";

const IN_STYLE = new Set(["family", "size", "bold", "italic", "underline", "color", "opacity"]);

// A label with another value of a field.
export function changedLabel(label, name, value) {
  if (IN_STYLE.has(name)) return { ...label, style: writeLabelStyle({ ...readLabelStyle(label?.style), [name]: value }) };
  return { ...label, [name]: value };
}

const isPlaced = ({ x, y }) => Number.isFinite(x) && Number.isFinite(y);

// What the server takes of a node's label. One without a place is centred by every client.
export const nodeLabel = (label = {}) => ({ text: label.text ?? "", rotation: label.rotation ?? 0, style: label.style ?? null, ...(isPlaced(label) ? { x: label.x, y: label.y } : { x: null }) });

// The same of the label of a port, which has no place then.
const portLabel = ({ text, rotation, style, ...label }) => ({ text: text ?? "", rotation: rotation ?? 0, ...(style && { style }), ...(isPlaced(label) && { x: label.x, y: label.y }) });

// `node` is the node as it was.
export async function changeNodeLabel({ lab, history }, text, node, label, options) {
  const path = `${lab.path}/nodes/${node.node_id}`;
  const [reply] = await history.change(text, [{ path, before: { label: nodeLabel(node.label) }, fields: { label: nodeLabel(label) } }], options);
  lab.apply("node.updated", reply);
}

// `link` is the link as it was, and `place` which of its ends has the label.
export async function changePortLabel({ lab, history }, text, link, place, label, options) {
  const path = `${lab.path}/links/${link.link_id}`;
  const ends = (changed) => link.nodes.map(({ node_id, adapter_number, port_number, label: before }, at) => ({ node_id, adapter_number, port_number, label: at === place ? changed : before }));
  const [reply] = await history.change(text, [{ path, before: { nodes: ends(link.nodes[place].label) }, fields: { nodes: ends(portLabel(label)) } }], options);
  lab.apply("link.updated", reply);
}

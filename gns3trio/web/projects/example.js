// The lab that the page makes for somebody who has none: a topology document beside this module.

const FILE = "../examples/two-vlans.json";
export const EXAMPLE_NAME = "Two VLANs";

export async function readExample() {
  const reply = await fetch(new URL(FILE, import.meta.url));
  if (!reply.ok) throw new Error("The example lab could not be loaded.");
  return reply.json();
}

// The requests that make what is in the document, in an empty lab at `path`, and those that take it away again.
export function requestsFor(path, { nodes, links, drawings }, newId) {
  const ids = new Map(Object.keys(nodes).map((name) => [name, newId()]));
  const endOf = (end) => {
    const [name, port = "0"] = end.split(":");
    return { node_id: ids.get(name), adapter_number: 0, port_number: Number(port) };
  };
  const redo = [
    ...Object.entries(nodes).map(([name, fields]) => ({ path: `${path}/nodes`, body: { ...fields, name, node_id: ids.get(name), compute_id: "local" } })),
    ...links.map(({ ends, ...fields }) => ({ path: `${path}/links`, body: { ...fields, link_id: newId(), nodes: ends.map(endOf) } })),
    ...drawings.map((fields) => ({ path: `${path}/drawings`, body: { ...fields, drawing_id: newId() } })),
  ].map((each) => Object.assign(each, { method: "POST" }));
  const gone = (kind, id) => ({ method: "DELETE", path: `${path}/${kind}/${id}` });
  const made = (kind, key) => redo.filter((each) => each.path === `${path}/${kind}`).map(({ body }) => gone(kind, body[key]));
  return { redo, undo: [...made("links", "link_id"), ...made("nodes", "node_id"), ...made("drawings", "drawing_id")] };
}

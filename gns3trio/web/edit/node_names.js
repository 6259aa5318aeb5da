// Names of nodes: what is wrong with a new one.

// As the server stores a name: without spaces, as GNS3 does.
const stored = (name) => name.replaceAll(" ", "");

// Why a node of a lab cannot get this name, or "" if it can. The server would choose another name, without a word.
export function refusalOfName(lab, id, name) {
  const isTaken = [...lab.nodes.values()].some((other) => other.node_id !== id && other.name === stored(name));
  return isTaken ? "Another node has this name." : "";
}

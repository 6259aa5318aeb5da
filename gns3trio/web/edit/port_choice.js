// The choice of the ports of a new link, if its nodes have several free ones.

import { ask } from "../actions.js";
import { h } from "../dom.js";

const end = ({ node_id }, { adapter_number, port_number }) => ({ node_id, adapter_number, port_number });

// The ends of a link between two nodes, or null if the user has cancelled it. The default is the first free port of each.
export async function choosePorts(lab, ids) {
  const nodes = ids.map((id) => lab.nodes.get(id));
  const free = nodes.map((node) => lab.freePorts(node));
  const full = nodes.find((_, place) => free[place].length === 0);
  if (full) throw new Error(`${full.name} has no free port.`);
  if (free.every((ports) => ports.length === 1)) return nodes.map((node, place) => end(node, free[place][0]));
  const fields = nodes.map((node, place) => h("label", { className: "field" }, h("span", {}, `Port of ${node.name}`),
    h("select", { name: `port${place}` }, free[place].map((port, number) => h("option", { value: number }, port.name)))));
  const answer = await ask(`Link ${nodes[0].name} and ${nodes[1].name}`, fields, "Link", { isReady: true });
  return answer && nodes.map((node, place) => end(node, free[place][Number(answer[`port${place}`])]));
}

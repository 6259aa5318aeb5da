// The dialog that moves a node to another host.

import { post } from "../api.js";
import { h } from "../dom.js";
import { formField, openForm } from "../forms.js";
import { fieldError } from "./host_texts.js";

// Whether a node could be moved now: it is stopped, or of a type that always runs, and its host is there.
export function canMove(lab, node) {
  const rests = node.status === "stopped" || Boolean(lab.types.get(node.node_type)?.always_runs);
  return lab.hosts.several && rests && lab.hosts.whyAway(node.compute_id) === null && !lab.problems.has(node.node_id);
}

// Resolves with the node as it is then, or null.
export function moveNode(lab, node) {
  const others = lab.hosts.offering(node.node_type).filter((each) => each.compute_id !== node.compute_id);
  const options = others.map((each) => h("option", { value: each.compute_id }, lab.hosts.nameOf(each.compute_id)));
  const choice = formField("Host", h("select", { name: "compute_id", required: true }, options),
    options.length ? "Its files, links, filters and captures move with it." : "No other host that can be reached runs nodes of this type.");
  return openForm({
    title: `Move ${node.name}`,
    parts: [choice.part],
    fields: [choice],
    confirm: "Move",
    busy: "Moving…",
    submit: (values) => post(`${lab.path}/nodes/${node.node_id}/move`, values),
    fieldOf: (message) => fieldError(message, ["compute_id"]),
  });
}

// Deletes objects of a lab, after a question, in one step that can be undone.

import { ask } from "../actions.js";
import { h } from "../dom.js";
import { counted, formatCount } from "../format.js";
import { listed, nameOfAll } from "../object_names.js";
import { creationOf, deletionOf, readObjects } from "./recreation.js";

// So many things that are lost are named.
const MOST_NAMED = 6;

// The objects that a deletion concerns: also the links of its nodes.
export function objectsWith(lab, ids) {
  const nodes = ids.map((id) => lab.nodes.get(id)).filter(Boolean);
  const links = new Set(ids.filter((id) => lab.links.has(id)));
  for (const { node_id } of nodes) for (const id of lab.linksOfNode.get(node_id) ?? []) links.add(id);
  return { nodes, links: [...links].map((id) => lab.links.get(id)), drawings: ids.map((id) => lab.drawings.get(id)).filter(Boolean) };
}

// Why objects can be neither moved nor deleted, or "".
export function whyKept(lab, ids) {
  const locked = ids.filter((id) => lab.placed(id)?.locked);
  if (!locked.length) return "";
  return locked.length === 1 ? `${sentence(lab.nameOf(locked[0]))} is locked. Unlock it first.` : `${counted(locked.length, "object")} of these are locked. Unlock them first.`;
}

const sentence = (text) => text[0].toUpperCase() + text.slice(1);

// What the question tells besides its title.
export function describeDeletion({ nodes, links, drawings, lost }, chosenLinks) {
  const told = [];
  const more = links.length - chosenLinks;
  if (nodes.length) told.push(`${more > 0 ? `${counted(more, "link")} of ${nodes.length === 1 ? "it" : "them"} and the` : "The"} files of the ${nodes.length === 1 ? "node" : "nodes"} are deleted, too.`);
  const running = nodes.filter(({ status }) => status !== "stopped").length;
  if (running) told.push(nodes.length === 1 ? "It runs, and is stopped." : `${formatCount(running)} of the nodes ${running === 1 ? "runs and is" : "run and are"} stopped.`);
  if (links.length) told.push("Captures end; their files stay.");
  told.push(lost.length ? `Undo brings this back, but not ${listOf(lost)}.` : `Undo brings ${nodes.length + links.length + drawings.length === 1 ? "it" : "them"} back.`);
  return told;
}

function listOf(lost) {
  const named = lost.slice(0, MOST_NAMED);
  if (lost.length > MOST_NAMED) named.push(`${lost.length - MOST_NAMED} more`);
  return listed(named);
}

// Asks, and deletes. Resolves with whether it was done.
export async function deleteObjects({ lab, history, graph }, ids) {
  const refusal = whyKept(lab, ids);
  if (refusal) throw new Error(refusal);
  const objects = objectsWith(lab, ids);
  const read = await readObjects(lab, objects);
  const name = nameOfAll(lab, ids);
  const told = describeDeletion({ ...objects, lost: read.lost }, ids.filter((id) => lab.links.has(id)).length);
  if (!(await ask(`Delete ${name}?`, told.map((text) => h("p", {}, text)), "Delete", { danger: true }))) return false;
  const chosen = [...graph.selection];
  const place = graph.centre(ids[0]);
  graph.select(null); // its panel would ask for what is gone
  try {
    await history.make(`Delete ${name}`, deletionOf(lab, read), creationOf(lab, read));
  } catch (error) {
    graph.selectAll(chosen.filter((id) => graph.exists(id)));
    throw error;
  }
  focusNear(graph, place, new Set([...ids, ...objects.links.map(({ link_id }) => link_id)]));
  return true;
}

// If what had the focus is gone, the nearest object has it, and the keys go on from there.
function focusNear(graph, [x, y], gone) {
  const active = document.activeElement;
  if (active !== document.body && active !== graph.svg && !gone.has(active.dataset?.id)) return;
  let [nearest, least] = [null, Infinity];
  for (const id of graph.stage.choosable()) {
    const [across, down] = gone.has(id) ? [Infinity, Infinity] : graph.centre(id);
    const distance = Math.hypot(across - x, down - y);
    if (distance < least) [nearest, least] = [id, distance];
  }
  graph.focus(nearest);
}

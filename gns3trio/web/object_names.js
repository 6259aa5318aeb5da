// What several objects of a lab are called in a sentence.

import { counted, formatCount } from "./format.js";

const KINDS = ["node", "link", "drawing"];
const TITLES = { link: "Link", drawing: "Drawing" };

// How many objects there are of each kind, such as "2 nodes and 1 link".
export function describeCounts(counts) {
  return listed(KINDS.filter((kind) => counts[kind]).map((kind) => counted(counts[kind], kind)));
}

// Several things in a sentence: "a, b and c".
export const listed = (parts) => [parts.slice(0, -1).join(", "), ...parts.slice(-1)].filter(Boolean).join(" and ");

// How many of these objects are of each kind.
export function countKinds(lab, ids) {
  const counts = {};
  for (const id of ids) counts[lab.kindOf(id)] = (counts[lab.kindOf(id)] ?? 0) + 1;
  return counts;
}

// The name of the only one, or how many of each kind there are.
export const nameOfAll = (lab, ids) => (ids.length === 1 ? lab.nameOf(ids[0]) : describeCounts(countKinds(lab, ids)));

// Objects by what they are: nodes by their type, links, drawings; each {title, name, ids}, such as "5 × VPCS".
export function groupsOf(lab, ids) {
  const titleOf = (id) => lab.types.get(lab.nodes.get(id)?.node_type)?.title ?? lab.nodes.get(id)?.node_type ?? TITLES[lab.kindOf(id)];
  return [...Map.groupBy(ids, titleOf)].map(([title, members]) => ({ title, name: `${formatCount(members.length)} × ${title}`, ids: members }));
}

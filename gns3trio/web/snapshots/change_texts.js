// What a comparison of two states of a lab says, in words.

import { counted } from "../format.js";

const KINDS = { project: "Settings", node: "Nodes", link: "Links", drawing: "Drawings", file: "Files" };
const ACTIONS = { create: "added", delete: "removed", update: "changed" };
// How fields of the files of labs are called on this page. The others are shown by their names.
const FIELDS = {
  x: "X", y: "Y", z: "layer", locked: "lock", link_style: "style", compute_id: "host", console_type: "console type", svg: "drawing",
  filters: "filters", impairments: "impairments", suspend: "suspension", label: "label", ends: "ends", name: "name", console: "console port",
};
const LONGEST = 80;
// Where somebody has only moved things, one line is enough.
const PLACE = new Set(["x", "y"]);

// The changes as groups [title, [{name, action, lines, content}]]. `content`: the lines of a short text that differ, or null.
export function groupsOf(changes) {
  return Object.entries(KINDS).map(([kind, title]) => [title, changes.filter((change) => change.kind === kind).map(entryOf)]).filter(([, of]) => of.length);
}

function entryOf({ action, name, fields }) {
  const { content, ...others } = fields;
  const names = Object.keys(others);
  const moved = names.filter((field) => PLACE.has(field));
  const lines = names.filter((field) => !PLACE.has(field)).map((field) => lineOf(field, others[field]));
  return {
    name, action: ACTIONS[action], lines: moved.length ? ["moved", ...lines] : lines,
    content: content ? textDifference(String(content.from ?? ""), String(content.to ?? "")) : null,
  };
}

function lineOf(field, { from, to }) {
  if (field === "svg") return "its picture, text or style was changed";
  const [whole, part] = field.split(/\.(.*)/s);
  const name = part === undefined ? FIELDS[whole] ?? whole.replaceAll("_", " ") : `${whole === "properties" ? "" : `${FIELDS[whole] ?? whole}, `}${part.replaceAll("_", " ")}`;
  return `${name}: ${valueText(from)} → ${valueText(to)}`;
}

export function valueText(value) {
  if (value === null || value === undefined || value === "") return "none";
  if (value === true || value === false) return value ? "yes" : "no";
  const text = typeof value === "object" ? objectText(value) : String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function objectText(value) {
  if (Array.isArray(value)) return value.length ? value.map((each) => (isObject(each) ? objectText(each) : valueText(each))).join("; ") : "none";
  const parts = Object.entries(value).map(([name, part]) => `${name.replaceAll("_", " ")} ${Array.isArray(part) ? part.join(", ") : valueText(part)}`);
  return parts.join(", ") || "none";
}

const isObject = (value) => value !== null && typeof value === "object";

// The lines of two texts that differ, as [sign, line] with the signs "-" and "+": all between the first and the last difference.
export function textDifference(from, to) {
  const [before, after] = [from.split("\n"), to.split("\n")];
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return [...before.slice(start, before.length - end).map((line) => ["-", line]), ...after.slice(start, after.length - end).map((line) => ["+", line])];
}

// What a comparison holds, in one sentence.
export function summaryOf(changes) {
  if (!changes.length) return "Nothing differs.";
  const counts = Object.values(ACTIONS).map((action) => [action, changes.filter((change) => ACTIONS[change.action] === action).length]);
  return `${counts.filter(([, count]) => count).map(([action, count]) => `${counted(count, "object")} ${action}`).join(", ")}.`;
}

// What is lost when a snapshot is restored: `changes` are those since then.
export function lossesOf(changes) {
  const of = (action, kind) => changes.filter((change) => change.action === action && change.kind === kind);
  const lines = [];
  for (const [kind, name] of [["node", "node"], ["link", "link"], ["drawing", "drawing"], ["file", "file"]]) {
    const [made, gone, changed] = ["create", "delete", "update"].map((action) => of(action, kind));
    if (made.length) lines.push(`${counted(made.length, name)} added since then: will be deleted (${namesOf(made)})`);
    if (gone.length) lines.push(`${counted(gone.length, name)} removed since then: will be back (${namesOf(gone)})`);
    if (changed.length) lines.push(`${counted(changed.length, name)} changed since then: will be as before (${namesOf(changed)})`);
  }
  if (of("update", "project").length) lines.push("The settings of the project are those of the snapshot, except its name.");
  return lines;
}

const MOST_NAMES = 5;
const namesOf = (changes) => changes.slice(0, MOST_NAMES).map(({ name }) => name).join(", ") + (changes.length > MOST_NAMES ? ` and ${changes.length - MOST_NAMES} more` : "");

// A name for the snapshot that keeps the present state. A name becomes a file, so it has no colons.
export const nameBefore = (name, now) => `before restoring ${name.slice(0, 60)}, ${now.toISOString().slice(0, 19).replace("T", " ").replaceAll(":", ".")}`;

// What a snapshot does to nodes that run. VPCS forgets at its end what was typed, unless it was told to save it.
export function stopTexts(nodes) {
  if (!nodes.length) return [];
  const one = nodes.length === 1;
  return [
    `${counted(nodes.length, "node")} ${one ? "runs and is" : "run and are"} stopped first, because a snapshot needs files that nobody writes, and started again afterwards.`,
    ...(nodes.some(({ node_type }) => node_type === "vpcs") ? ["A PC keeps what you typed into its console, such as its address, only if you typed save there, too."] : []),
  ];
}

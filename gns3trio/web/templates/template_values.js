// The values of templates.

import { areAlike } from "../properties/values.js";

// The body of a new template: what it cannot lack, and what is not as by default.
export function newTemplate({ template_type: type, fields }, values) {
  const body = { template_type: type };
  for (const { name, default: usual, is_required: isRequired } of fields) {
    if (isRequired || !areAlike(values[name], usual)) body[name] = values[name] ?? null;
  }
  return body;
}

// Templates as they are listed: own ones first, then built-in ones, each by name.
export function sorted(templates) {
  return templates.toSorted((a, b) => Number(a.builtin) - Number(b.builtin) || a.name.localeCompare(b.name, "en", { numeric: true }));
}

// The base configurations that a template names.
export function baseScriptsOf(type, template) {
  const names = (type?.fields ?? []).filter(({ suggested_by: by }) => by === "base_configs").map(({ name }) => name);
  return names.map((name) => template[name] ?? template.properties?.[name]).filter((name) => typeof name === "string" && name !== "");
}

// A free place in a lab for a new node: right of all others.
export function placeIn(nodes) {
  if (nodes.length === 0) return { x: 0, y: 0 };
  const last = nodes.reduce((most, node) => (node.x > most.x ? node : most));
  return { x: last.x + 120, y: last.y };
}

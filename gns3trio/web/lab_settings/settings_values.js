// The settings of a project as its form shows them, and what was changed in the form.

const LARGEST = 2 ** 31 - 1;

// {name, label, type, hint, min, max} of the settings, in groups.
export const GROUPS = [
  ["Project", [
    { name: "name", label: "Name", type: "text" },
    { name: "auto_open", label: "Open it when the server starts", type: "checkbox" },
    { name: "auto_start", label: "Start all nodes when it is opened", type: "checkbox" },
    { name: "auto_close", label: "Close it when the last GNS3 client leaves", type: "checkbox",
      hint: "Five seconds after the last GNS3 client that shows this lab has gone, its nodes are stopped and it is closed. This page does not count: leaving it closes nothing." },
  ]],
  ["Map", [
    { name: "scene_width", label: "Width", type: "number", min: 1, max: LARGEST },
    { name: "scene_height", label: "Height", type: "number", min: 1, max: LARGEST, hint: "GNS3's clients show an area of this size in pixels. Here, the map has no edges." },
    { name: "show_grid", label: "Show the grid", type: "checkbox" },
    { name: "snap_to_grid", label: "Snap to the grid", type: "checkbox" },
    { name: "grid_size", label: "Grid of nodes", type: "number", min: 5, max: 1000 },
    { name: "drawing_grid_size", label: "Grid of drawings", type: "number", min: 5, max: 1000 },
    { name: "show_interface_labels", label: "Show names of ports", type: "checkbox" },
  ]],
  ["Supplier", [
    { name: "supplier.url", label: "Web page", type: "text", hint: "Who made this lab, for instance a school. GNS3's clients show it." },
    { name: "supplier.logo", label: "Logo", type: "text", hint: "The name of a picture among the files of the project." },
  ]],
];

const FIELDS = GROUPS.flatMap(([, fields]) => fields);

// The value that the form shows for a setting.
export function valueOf(project, name) {
  const [field, part] = name.split(".");
  return part ? project[field]?.[part] ?? "" : project[field];
}

// What was changed: the fields to send. `values`: by name of the field; `variables`: [{name, value}]. Throws an error whose message begins with the label of a wrong field.
export function changesOf(project, values, variables) {
  const changes = {};
  for (const { name, label, type, min, max } of FIELDS) {
    const value = type === "number" ? numberOf(label, values[name], min, max) : values[name];
    if (name.startsWith("supplier.")) continue;
    if (value !== project[name]) changes[name] = value;
  }
  const supplier = supplierOf(project, values["supplier.url"].trim(), values["supplier.logo"].trim());
  if (JSON.stringify(supplier) !== JSON.stringify(project.supplier)) changes.supplier = supplier;
  const kept = variablesOf(variables);
  if (JSON.stringify(kept ?? []) !== JSON.stringify(project.variables ?? [])) changes.variables = kept;
  return changes;
}

function numberOf(label, text, min, max) {
  const number = Number(text);
  if (!Number.isInteger(number) || String(text).trim() === "" || number < min || number > max) throw new Error(`${label}: enter a whole number from ${min} to ${max}.`);
  return number;
}

function supplierOf({ supplier }, url, logo) {
  if (url && !/^https?:\/\/\S+$/i.test(url)) throw new Error("Web page: it begins with https:// or http://.");
  if (!supplier && !url && !logo) return supplier;
  const others = Object.fromEntries(Object.entries(supplier ?? {}).filter(([name]) => name !== "url" && name !== "logo"));
  const all = { ...others, ...(logo && { logo }), ...(url && { url }) };
  return Object.keys(all).length ? all : null;
}

function variablesOf(variables) {
  const names = new Set();
  const kept = [];
  for (const { name, value } of variables) {
    if (!name.trim() && !value) continue;
    if (!name.trim()) throw new Error(`Variables: the one with the value “${value}” has no name.`);
    if (names.has(name.trim())) throw new Error(`Variables: there are two with the name ${name.trim()}.`);
    names.add(name.trim());
    kept.push({ name: name.trim(), value });
  }
  return kept.length ? kept : null;
}

// The field that a message names, of this page by its label or of the server by its name: {name, text}, or null.
export function fieldOf(message) {
  const found = FIELDS.find(({ name, label }) => [label, name].some((start) => message.startsWith(`${start}:`)));
  if (found) return { name: found.name, text: message };
  if (/^supplier\.(url|logo)/.test(message)) return { name: message.match(/^supplier\.(?:url|logo)/)[0], text: message };
  if (/^variables/i.test(message)) return { name: "variables", text: message };
  return /\bname\b/i.test(message) ? { name: "name", text: message } : null;
}

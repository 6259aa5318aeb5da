// The form of a template: a new one, a copy, or one that is changed.

import { get, post, put, remove } from "../api.js";
import { h } from "../dom.js";
import { openForm } from "../forms.js";
import { imagesOf } from "../panels/new_node.js";
import { PropertyForm } from "../properties/form.js";
import { newTemplate } from "./template_values.js";

const BASE = "/v2/templates";
const pathOf = ({ template_id: id }) => `${BASE}/${id}`;

// Resolves with the new template, or null.
export const createTemplate = (type, values = {}) =>
  openTemplate(`New template: ${type.title}`, "Create", type, values, (form) => post(BASE, newTemplate(type, form.values())));

export const changeTemplate = (type, template) =>
  openTemplate(`Change ${template.name}`, "Save", type, template, (form) => put(pathOf(template), form.changes()));

// A copy of a template. A built-in one cannot be copied by the server: a new one with its values is made. One of a type that nobody
// here knows is copied as it is.
export function copyTemplate(type, template) {
  if (!type) return post(`${pathOf(template)}/duplicate`);
  const values = { ...template.properties, ...template, name: `${template.name} copy` };
  if (template.builtin) return createTemplate(type, values);
  return openTemplate(`Copy ${template.name}`, "Copy", type, values, async (form) => {
    const copy = await post(`${pathOf(template)}/duplicate`);
    try {
      return await put(pathOf(copy), { ...form.changes(), name: form.values().name });
    } catch (error) {
      await remove(pathOf(copy));
      throw error;
    }
  });
}

function openTemplate(title, confirm, type, values, send) {
  const form = new PropertyForm(type.fields, { names: (kind) => namesOf(kind, type), onChange: () => {} });
  form.show(Object.fromEntries(type.fields.map((field) => [field.name, values[field.name] ?? field.default ?? null])));
  return openForm({
    title,
    parts: [form.element],
    fields: [],
    confirm,
    busy: "Saving…",
    submit: async () => {
      if (!form.check(form.values())) throw new Error("");
      return send(form);
    },
    showError: (message) => form.showError(message),
  });
}

// The texts that are offered for a field.
async function namesOf(kind, { template_type: type }) {
  const named = (values) => values.map((value) => ({ value }));
  if (kind === "images") return named(await imagesOf({ node_type: type }, "local"));
  if (kind === "base_configs") return named((await get(`${BASE}/base-configs`)).map(({ filename }) => filename));
  if (kind === "interfaces") return named((await get("/v2/computes/local/network/interfaces")).map(({ name }) => name));
  return (await get("/v2/computes")).map(({ compute_id: value, name: label }) => ({ value, label }));
}

// A dialog that changes the text of a base configuration, which new nodes of the template get. Resolves with true, or null.
export async function changeBaseScript(template, file) {
  const path = `${pathOf(template)}/base-config/${encodeURIComponent(file)}`;
  const there = (await get(`${BASE}/base-configs`)).some(({ filename }) => filename === file);
  const before = there ? (await get(path)).content : "";
  const area = h("textarea", { className: "code", rows: 16, wrap: "off", spellcheck: false, value: before, ariaLabel: "Text" });
  return openForm({
    title: file,
    parts: [h("p", { className: "hint" }, "New nodes of every template with this base script get this text. %h stands for their name."), area],
    fields: [],
    confirm: "Save",
    busy: "Saving…",
    submit: async () => {
      await put(path, { content: area.value });
      return true;
    },
  });
}

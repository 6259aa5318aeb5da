// Forms for a new group, pool or role.

import { get, post, put } from "../api.js";
import { h } from "../dom.js";
import { formField, openForm } from "../forms.js";
import { fieldOf } from "./new_password.js";
import { KINDS } from "./records.js";

const nameField = () => formField("Name", h("input", { name: "name", required: true, autofocus: true }));

export function askForName(kind) {
  const { path, one } = KINDS[kind];
  const field = nameField();
  return openForm({ title: `New ${one}`, parts: [field.part], fields: [field], confirm: "Create", busy: "Sending…", fieldOf, submit: ({ name }) => post(path, { name }) });
}

// A role, which may begin with the privileges of another one.
export function askForRole(roles) {
  const fields = [
    nameField(),
    formField("What it is for", h("input", { name: "description" })),
    formField("Begin with the privileges of", h("select", { name: "like" }, h("option", { value: "" }, "none"), roles.map((role) => h("option", { value: role.role_id }, role.name)))),
  ];
  return openForm({ title: "New role", parts: fields.map(({ part }) => part), fields, confirm: "Create", busy: "Sending…", fieldOf, submit: createRole });
}

async function createRole({ name, description, like }) {
  const { path } = KINDS.roles;
  const privileges = like ? await get(`${path}/${like}/privileges`) : [];
  const role = await post(path, { name, ...(description && { description }) });
  for (const { privilege_id } of privileges) await put(`${path}/${role.role_id}/privileges/${privilege_id}`);
  return role;
}

// The form for a new permission: who gets which role where.

import { post } from "../api.js";
import { h } from "../dom.js";
import { formField, openForm } from "../forms.js";
import { ACL, KINDS } from "./records.js";

const OTHER = "other";

// The body of the request: a value of a choice is its kind and an id, such as "user 1111".
export function bodyOf({ who, what, role, where, other, below }) {
  const [kind, id] = who.split(" ");
  return { ace_type: kind, [`${kind}_id`]: id, role_id: role, path: where === OTHER ? other : where, allowed: what === "allow", propagate: below === "on" };
}

export function askForPermission({ users, groups, roles, pools, projects }) {
  const option = (value, text) => h("option", { value }, text);
  const nothing = () => option("", "choose…"); // nobody gives a right by pressing Enter too early
  const part = (label, list, { id, name }, toValue) => list.length > 0 && h("optgroup", { label }, list.map((each) => option(toValue(each[id]), each[name])));
  const other = formField("Path", h("input", { name: "other", placeholder: "/templates" }), "A path of the API without its version.");
  const where = h("select", { name: "where", required: true, onchange: showOther }, nothing(),
    part("Project", projects, { id: "project_id", name: "name" }, (id) => `/projects/${id}`), part("Pool", pools, KINDS.pools, (id) => `/pools/${id}`),
    option("/", "everywhere"), option(OTHER, "another path…"));
  const fields = [
    formField("Who", h("select", { name: "who", required: true, autofocus: true }, nothing(), part("Users", users, KINDS.users, (id) => `user ${id}`), part("Groups", groups, KINDS.groups, (id) => `group ${id}`))),
    formField("What", h("select", { name: "what" }, option("allow", "may do what the role allows"), option("deny", "may not do what the role allows"))),
    formField("Role", h("select", { name: "role", required: true }, nothing(), roles.map((each) => option(each.role_id, each.name)))),
    formField("Where", where),
    other,
  ];
  const below = h("label", {}, h("input", { type: "checkbox", name: "below", checked: true }), " and everything below");
  function showOther() {
    other.part.hidden = other.control.disabled = where.value !== OTHER;
    other.control.required = where.value === OTHER;
  }
  showOther();
  return openForm({ title: "New permission", parts: [...fields.map((each) => each.part), below], fields, confirm: "Create", busy: "Sending…",
    submit: (values) => post(ACL, bodyOf(values)), fieldOf: () => null });
}

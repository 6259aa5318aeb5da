// What belongs to a group (users), a role (privileges) or a pool (projects): a list in which each can be checked.

import { get, put, remove } from "../api.js";
import { h } from "../dom.js";
import { formField, openForm } from "../forms.js";
import { KINDS, readPeople } from "./records.js";

// For each kind: the path of what belongs to it, the ids and names there, and all that can belong to it.
const BELOW = {
  groups: { path: "members", id: "user_id", name: "username", all: ({ users }) => users.map((each) => ({ id: each.user_id, name: each.username })) },
  roles: { path: "privileges", id: "privilege_id", name: "name", all: async () => (await get("/v3/access/privileges")).map((each) => ({ id: each.privilege_id, name: each.name, hint: each.description })) },
  pools: { path: "resources", id: "resource_id", name: "name", all: ({ projects }) => projects.map((each) => ({ id: each.project_id, name: each.name })) },
};

// What has to be added and removed: ids.
export function difference(before, after) {
  return { added: [...after].filter((id) => !before.has(id)), removed: [...before].filter((id) => !after.has(id)) };
}

// Resolves with true if something may have changed, or null if the form was cancelled. With a `refusal`, which says why the user may not
// change it, it can only be read.
export async function showMembers(kind, thing, refusal) {
  const { path, id, name, one } = KINDS[kind];
  const below = BELOW[kind];
  const place = `${path}/${thing[id]}/${below.path}`;
  const present = await get(place);
  const before = new Set(present.map((each) => each[below.id]));
  const all = await below.all(await readPeople()); // others may have made some since the page was shown
  const known = new Set(all.map((each) => each.id));
  const rows = [...all, ...present.filter((each) => !known.has(each[below.id])).map((each) => ({ id: each[below.id], name: each[below.name] }))];
  const boxes = rows.map((each) => [each.id, h("input", { type: "checkbox", checked: before.has(each.id) })]);
  const list = h("ul", { className: "choices" }, rows.map((each, index) =>
    h("li", {}, h("label", {}, boxes[index][1], ` ${each.name}`, each.hint && h("span", { className: "hint" }, ` ${each.hint}`)))));
  const search = h("input", { type: "search", name: "search", placeholder: "Search", oninput: () => {
    for (const [index, item] of [...list.children].entries()) item.hidden = !rows[index].name.toLowerCase().includes(search.value.toLowerCase());
  } });
  const { part } = formField("Search", search);

  async function submit() {
    const { added, removed } = difference(before, new Set(boxes.filter(([, box]) => box.checked).map(([each]) => each)));
    for (const each of added) await put(`${place}/${each}`);
    for (const each of removed) await remove(`${place}/${each}`);
    return true;
  }
  return openForm({ title: `${one[0].toUpperCase()}${one.slice(1)} ${thing[name]}`, parts: [part, list], fields: [], confirm: "Save", busy: "Saving…", refusal, submit, fieldOf: () => null });
}

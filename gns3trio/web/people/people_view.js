// The page of users, groups, roles and pools, and of who may do what.

import { act, ask, button } from "../actions.js";
import { get, put, remove, useFirstToken } from "../api.js";
import { h, heads } from "../dom.js";
import { Changes } from "./changes.js";
import { showMembers } from "./members.js";
import { askForName, askForRole } from "./name_forms.js";
import { askForPermission } from "./permission_form.js";
import { Rights } from "./rights.js";
import { ACL, KINDS, inWords, readPeople } from "./records.js";
import { askForAdministratorsPassword, askForUser } from "./user_form.js";

export function showPeople(main) {
  document.title = "People · gns3trio";
  const places = { users: h("tbody"), groups: h("tbody"), roles: h("tbody"), pools: h("tbody"), acl: h("tbody") };
  const [refused, open] = [h("div"), h("div")];
  const changes = new Changes();
  let people = null;
  const needs = { users: "User", groups: "Group", roles: "Role", pools: "Pool", acl: "ACE" };
  const rights = new Map(Object.keys(needs).map((kind) => [kind, new Rights(`${kind === "pools" ? "" : "/access"}/${kind}`)]));
  // A button that creates or deletes ("Allocate"), or changes ("Modify") something of a kind.
  const guarded = (kind, what, made) => rights.get(kind).guard(`${needs[kind]}.${what}`, made);
  const changing = (action) => async () => {
    await ready; // an open server asks for a token, too
    if ((await action()) !== null) await refresh();
  };

  main.replaceChildren(h("section", { className: "projects", id: "people" }, refused, open,
    head("Users", guarded("users", "Allocate", button("New user", changing(() => askForUser(null)), { className: "primary" }))),
    table(["User", "Name", "E-mail", "Last login", ""], places.users),
    head("Groups", guarded("groups", "Allocate", button("New group", changing(() => askForName("groups"))))),
    table(["Group", "", ""], places.groups),
    head("Roles", guarded("roles", "Allocate", button("New role", changing(() => askForRole(people.roles))))),
    table(["Role", "What it allows", ""], places.roles),
    head("Pools of projects", guarded("pools", "Allocate", button("New pool", changing(() => askForName("pools"))))),
    table(["Pool", "", ""], places.pools),
    head("Permissions", guarded("acl", "Allocate", button("New permission", changing(() => askForPermission(people))))),
    table(["Who", "", "Role", "Where", ""], places.acl),
    changes.element));

  async function refresh() {
    const account = await get("/v2/account");
    if (account.is_open) await useFirstToken();
    [people] = await Promise.all([readPeople(), ...[...rights.values()].map((each) => each.read())]);
    if (people.users.length + people.roles.length + people.groups.length === 0) {
      main.replaceChildren(h("section", { className: "projects" }, h("h1", {}, "People"), h("p", {}, "You may not see who uses this server. Ask its administrator."), changes.element));
      await changes.show(people);
      return;
    }
    refused.replaceChildren(...people.refused.map((text) => h("p", { className: "hint" }, text)));
    open.replaceChildren(...(account.is_open ? [openServer()] : []));
    places.users.replaceChildren(...people.users.map(userRow));
    places.groups.replaceChildren(...people.groups.map((group) => row("groups", group, [h("td", { className: "hint" }, group.is_builtin ? "Its members may do nothing more, until a permission names it." : "")], [membersOf("groups", group, "Members…")])));
    places.roles.replaceChildren(...people.roles.map((role) => row("roles", role, [h("td", {}, role.description)], [membersOf("roles", role, "Privileges…")])));
    places.pools.replaceChildren(...people.pools.map((pool) => row("pools", pool, [h("td")], [membersOf("pools", pool, "Projects…")])));
    places.acl.replaceChildren(...people.acl.map(permissionRow));
    await changes.show(people);
  }

  const membersOf = (kind, thing, text) => button(text, changing(() => showMembers(kind, thing, rights.get(kind).refusal(`${needs[kind]}.Modify`))));

  function openServer() {
    return h("p", { className: "notice" }, "This server asks nobody for a password. ",
      button("Set the administrator’s password…", changing(askForAdministratorsPassword), { className: "primary" }),
      " Then it has users, and everybody has to log in.");
  }

  function userRow(user) {
    const notes = [user.is_superadmin && "administrator", !user.is_active && "inactive"].filter(Boolean).join(", ");
    return h("tr", {}, h("td", {}, user.username, notes && h("span", { className: "hint" }, ` ${notes}`)), h("td", {}, user.full_name ?? ""), h("td", {}, user.email ?? ""),
      lastLogin(user),
      h("td", { className: "buttons" },
        guarded("users", "Modify", button("Change…", changing(() => askForUser(user)))),
        user.is_superadmin ? null : guarded("users", "Modify", button(user.is_active ? "Lock out" : "Let in", changing(() => put(`${KINDS.users.path}/${user.user_id}`, { is_active: !user.is_active })))),
        user.is_superadmin ? null : deletion("users", user)));
  }

  function row(kind, thing, cells, buttons) {
    return h("tr", {}, h("td", {}, thing[KINDS[kind].name], thing.is_builtin && h("span", { className: "hint" }, " built in")), cells,
      h("td", { className: "buttons" }, buttons, thing.is_builtin ? null : deletion(kind, thing)));
  }

  function permissionRow(entry) {
    const words = inWords(entry, people);
    return h("tr", {}, h("td", {}, words.who), h("td", {}, words.what), h("td", {}, words.role), h("td", {}, words.where),
      h("td", { className: "buttons" }, guarded("acl", "Allocate", button("Remove", changing(() => withdraw(entry, words)), { className: "danger" }))));
  }

  async function withdraw({ ace_id }, { who, what, role, where }) {
    const warning = h("p", {}, `${who} ${what} ${role}: ${where}`);
    return (await ask("Remove this permission?", warning, "Remove", { danger: true })) && removeAt(`${ACL}/${ace_id}`);
  }

  function deletion(kind, thing) {
    const { path, id, name, one } = KINDS[kind];
    return guarded(kind, "Allocate", button("Delete", changing(async () => {
      const warning = h("p", {}, "The permissions that go with it are removed, too.");
      return (await ask(`Delete ${one} ${thing[name]}?`, warning, "Delete", { danger: true })) && removeAt(`${path}/${thing[id]}`);
    }), { className: "danger" }));
  }

  const ready = refresh();
  return act(() => ready)();
}

async function removeAt(path) {
  await remove(path);
  return true;
}

function lastLogin({ last_login: time }) {
  const cell = h("td", {}, time?.replace("T", " ") ?? "never");
  cell.dataset.label = "Last login";
  return cell;
}

const head = (text, ...buttons) => h("div", { className: "buttons head" }, h("h1", {}, text), buttons);

const table = (names, body) => h("div", { className: "wide people" }, h("table", {}, heads(names), body));

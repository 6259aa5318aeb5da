// The people of the server as lists by kind, and what their permissions are in words.

import { get } from "../api.js";

// Each kind with the path of its list, the name of its id, and what its objects are called.
export const KINDS = {
  users: { path: "/v3/access/users", id: "user_id", name: "username", one: "user" },
  groups: { path: "/v3/access/groups", id: "user_group_id", name: "name", one: "group" },
  roles: { path: "/v3/access/roles", id: "role_id", name: "name", one: "role" },
  pools: { path: "/v3/pools", id: "resource_pool_id", name: "name", one: "pool" },
};
export const ACL = "/v3/access/acl";

// All lists of what this user may see; `refused` names those that the server does not show.
export async function readPeople() {
  const refused = [];
  const read = async (kind, path) => {
    try {
      return await get(path);
    } catch (error) {
      refused.push(`${kind}: ${error.message}`);
      return [];
    }
  };
  const [users, groups, roles, pools, acl, projects] = await Promise.all([
    ...Object.entries(KINDS).map(([kind, { path }]) => read(kind, path)), read("permissions", ACL), read("projects", "/v2/projects")]);
  const sorted = Object.entries({ users, groups, roles, pools }).map(([kind, list]) => [kind, sortedByName(list, KINDS[kind].name)]);
  return { ...Object.fromEntries(sorted), acl, projects: sortedByName(projects, "name"), refused };
}

export const sortedByName = (list, name) => list.toSorted((a, b) => a[name].localeCompare(b[name], "en", { numeric: true }));

const named = (list, { id, name }, wanted) => list.find((each) => each[id] === wanted)?.[name];

// Who has which role where, in words: {who, what, role, where}.
export function inWords(entry, people) {
  const user = named(people.users, KINDS.users, entry.user_id);
  const group = named(people.groups, KINDS.groups, entry.group_id);
  const who = entry.ace_type === "user" ? `user ${user ?? entry.user_id}` : `group ${group ?? entry.group_id}`;
  const role = named(people.roles, KINDS.roles, entry.role_id) ?? entry.role_id;
  return { who, what: entry.allowed ? "may" : "may not", role, where: placeInWords(entry.path, people) + (entry.propagate ? "" : ", not below") };
}

export function placeInWords(path, people) {
  const [, kind, id, ...more] = path.split("/");
  if (path === "/") return "everywhere";
  if (more.length > 0) return path;
  if (kind === "projects" && id) return `project ${people.projects.find((each) => each.project_id === id)?.name ?? id}`;
  if (kind === "pools" && id) return `pool ${named(people.pools, KINDS.pools, id) ?? id}`;
  return path;
}

import assert from "node:assert/strict";
import test from "node:test";

import { inWords, placeInWords, sortedByName } from "../../../gns3trio/web/people/records.js";

const people = {
  users: [{ user_id: "u1", username: "ann" }],
  groups: [{ user_group_id: "g1", name: "students" }],
  roles: [{ role_id: "r1", name: "User" }],
  pools: [{ resource_pool_id: "p1", name: "table" }],
  projects: [{ project_id: "l1", name: "lab" }],
};

test("permissions are told in words", () => {
  const entry = { ace_type: "user", user_id: "u1", group_id: null, role_id: "r1", path: "/projects/l1", allowed: true, propagate: true };
  assert.deepEqual(inWords(entry, people), { who: "user ann", what: "may", role: "User", where: "project lab" });
  const denied = { ...entry, ace_type: "group", user_id: null, group_id: "g1", path: "/pools/p1", allowed: false, propagate: false };
  assert.deepEqual(inWords(denied, people), { who: "group students", what: "may not", role: "User", where: "pool table, not below" });
});

test("what is not known is told by its id", () => {
  const entry = { ace_type: "user", user_id: "u9", role_id: "r9", path: "/projects/l9", allowed: true, propagate: true };
  assert.deepEqual(inWords(entry, people), { who: "user u9", what: "may", role: "r9", where: "project l9" });
});

test("places", () => {
  assert.equal(placeInWords("/", people), "everywhere");
  assert.equal(placeInWords("/projects", people), "/projects");
  assert.equal(placeInWords("/projects/l1/nodes/n1", people), "/projects/l1/nodes/n1");
  assert.equal(placeInWords("/templates", people), "/templates");
});

test("lists are sorted as people read numbers", () => {
  const list = ["lab 10", "lab 9", "Lab 1"].map((name) => ({ name }));
  assert.deepEqual(sortedByName(list, "name").map((each) => each.name), ["Lab 1", "lab 9", "lab 10"]);
});

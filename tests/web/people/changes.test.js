import assert from "node:assert/strict";
import test from "node:test";

import { inWords, localTime, pathOf } from "../../../gns3trio/web/people/changes.js";

test("entries of the audit trail in words", () => {
  assert.equal(inWords({ action: "create node", status: 201 }), "create node");
  assert.equal(inWords({ action: "delete user", status: 204, target: { kind: "user", name: "bert" } }), "delete user: bert");
  assert.equal(inWords({ action: "add to group", status: 204, target: { kind: "user", name: "bert", of: "group class" } }), "add to group: bert (group class)");
  assert.equal(inWords({ action: "start node", status: 403 }), "start node: refused (403)");
  assert.equal(inWords({ action: "start node", status: 403, missing: 12 }), "start node: refused (403, and 12 more)");
});

test("the changes of a user, a project, or both", () => {
  assert.equal(pathOf({ user: "", project: "" }), "/v2/audit?limit=50");
  assert.equal(pathOf({ user: "ann b", project: "" }), "/v2/audit?limit=50&user=ann+b");
  assert.equal(pathOf({ user: "ann", project: "p1" }), "/v2/projects/p1/audit?limit=50&user=ann");
});

test("times are those of the reader", () => {
  assert.match(localTime("2026-11-30T10:15:40.123456Z"), /^2026-1[12]-\d\d \d\d:15:40$/);
});

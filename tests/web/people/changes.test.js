import assert from "node:assert/strict";
import test from "node:test";

import { inWords, localTime } from "../../../gns3trio/web/people/changes.js";

test("entries of the audit trail in words", () => {
  assert.equal(inWords({ action: "create node", status: 201 }), "create node");
  assert.equal(inWords({ action: "start node", status: 403 }), "start node: refused (403)");
});

test("times are those of the reader", () => {
  assert.match(localTime("2026-11-30T10:15:40.123456Z"), /^2026-1[12]-\d\d \d\d:15:40$/);
});

import assert from "node:assert/strict";
import test from "node:test";

import { refusalOfName } from "../../../gns3trio/web/edit/node_names.js";

test("a name that another node has is refused, also with spaces, which the server removes", () => {
  const lab = { nodes: new Map([["1", { node_id: "1", name: "PC1" }], ["2", { node_id: "2", name: "PC2" }]]) };
  assert.equal(refusalOfName(lab, "1", "PC2"), "Another node has this name.");
  assert.equal(refusalOfName(lab, "1", "P C2"), "Another node has this name.");
  assert.equal(refusalOfName(lab, "1", "PC1"), "");
  assert.equal(refusalOfName(lab, "1", "PC22"), "");
});

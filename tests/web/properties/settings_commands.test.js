import assert from "node:assert/strict";
import test from "node:test";

import { nodesOfOneType } from "../../../gns3trio/web/properties/settings_commands.js";

const lab = { nodes: new Map([["a", { node_type: "vpcs" }], ["b", { node_type: "vpcs" }], ["c", { node_type: "cloud" }]]) };

test("the settings of several nodes are those of one type", () => {
  assert.equal(nodesOfOneType(lab, ["a", "b", "a link"]).length, 2);
  assert.equal(nodesOfOneType(lab, ["a", "c"]), null);
  assert.equal(nodesOfOneType(lab, ["a link"]), null);
});

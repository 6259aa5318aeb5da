import assert from "node:assert/strict";
import { test } from "node:test";

import { targetOf } from "../../../gns3trio/web/flows/node_traffic.js";

const LAB = { nodes: new Map([["PC1", "a"], ["PC2", "b"], ["10.0.0.9", "c"]].map(([name, node_id]) => [node_id, { node_id, name }])) };

test("a target is a node, or else an address", () => {
  assert.deepEqual(targetOf(" PC2 ", LAB, "a"), { to_node_id: "b" });
  assert.deepEqual(targetOf("10.0.0.9", LAB, "a"), { to_node_id: "c" });
  assert.deepEqual(targetOf("10.0.0.2", LAB, "a"), { address: "10.0.0.2" });
  assert.deepEqual(targetOf("fe80::1", LAB, "a"), { address: "fe80::1" });
});

test("what is neither is told, and a node sends nothing to itself", () => {
  for (const text of ["PC9", "", "PC1", "beef"]) assert.throws(() => targetOf(text, LAB, "a"), /No other node is called/, text);
});

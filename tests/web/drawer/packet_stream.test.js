import assert from "node:assert/strict";
import { test } from "node:test";

import { endsOf } from "../../../gns3trio/web/drawer/packet_stream.js";

test("an interface is an end of the link by its name", () => {
  const link = { nodes: [{ node_id: "a", adapter_number: 0, port_number: 0 }, { node_id: "b", adapter_number: 0, port_number: 7 }] };
  const nodes = new Map([["a", { name: "PC1" }], ["b", { name: "SW1" }]]);
  assert.deepEqual(endsOf([{ name: "PC1_0-0" }, { name: "SW1_0-7" }], link, nodes), [0, 1]);
  assert.deepEqual(endsOf([{ name: "SW1_0-7" }, { name: "PC1_0-0" }], link, nodes), [1, 0]);
  assert.deepEqual(endsOf([{ name: "old_0-0" }], link, nodes), [undefined]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { exportQuery, runningNames, runningText, safeName } from "../../../gns3trio/web/projects/export_values.js";

test("the nodes that run are named, without those that always run", () => {
  const node = (name, status, node_type = "vpcs") => ({ name, status, node_type });
  const nodes = [node("PC10", "started"), node("PC2", "suspended"), node("PC1", "stopped"), node("SW1", "started", "switch")];
  assert.deepEqual(runningNames(nodes, [{ node_type: "switch", always_runs: true }, { node_type: "vpcs", always_runs: false }]), ["PC2", "PC10"]);
});

test("of many nodes some are named", () => {
  assert.equal(runningText(["PC1"]), "Stop PC1 first, which runs");
  assert.equal(runningText(["a", "b"]), "Stop the 2 nodes first that run: a, b");
  assert.equal(runningText([..."abcdefgh"]), "Stop the 8 nodes first that run: a, b, c, d, e, f and 2 more");
});

test("what is asked for", () => {
  assert.equal(exportQuery({}), "");
  assert.equal(exportQuery({ snapshots: "on" }), "?include_snapshots=yes");
  assert.equal(exportQuery({ snapshots: "on", images: "on" }), "?include_snapshots=yes&include_images=yes");
});

test("a file has no name that leads elsewhere", () => {
  assert.equal(safeName("my lab"), "my lab");
  assert.equal(safeName("../a/b"), "_a_b");
  assert.equal(safeName(".."), "lab");
});

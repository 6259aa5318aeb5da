import assert from "node:assert/strict";
import test from "node:test";

import { countKinds, describeCounts, groupsOf, listed, nameOfAll } from "../../gns3trio/web/object_names.js";

const LAB = { kindOf: (id) => ({ n: "node", l: "link", d: "drawing" })[id[0]] ?? null, nameOf: (id) => `the ${id}` };

test("one object has its name, several are counted", () => {
  assert.equal(nameOfAll(LAB, ["l1"]), "the l1");
  assert.equal(nameOfAll(LAB, ["n1", "n2"]), "2 nodes");
  assert.equal(nameOfAll(LAB, ["d1", "n1", "l1", "n2"]), "2 nodes, 1 link and 1 drawing");
  assert.equal(describeCounts(countKinds(LAB, ["d1", "n1"])), "1 node and 1 drawing");
  assert.equal(describeCounts({ node: 3000, link: 1500 }), "3,000 nodes and 1,500 links");
  assert.deepEqual([listed([]), listed(["a"]), listed(["a, b", "c", "d"])], ["", "a", "a, b, c and d"]);
});

test("objects are grouped by what they are", () => {
  const nodes = new Map([["n1", { node_type: "vpcs" }], ["n2", { node_type: "unknown" }], ["n3", { node_type: "vpcs" }]]);
  const lab = { ...LAB, nodes, types: new Map([["vpcs", { title: "VPCS" }]]) };
  assert.deepEqual(groupsOf(lab, ["n1", "l1", "n2", "n3", "d1"]).map(({ name, ids }) => [name, ids]),
    [["2 × VPCS", ["n1", "n3"]], ["1 × Link", ["l1"]], ["1 × unknown", ["n2"]], ["1 × Drawing", ["d1"]]]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { centreOfThing } from "../../../gns3trio/web/map/centres.js";

const node = (x, y) => ({ x, y, width: 20, height: 10 });
const graph = {
  lab: {
    nodes: new Map([["n1", node(0, 0)], ["n2", node(100, 40)]]),
    links: new Map([["l1", { nodes: [{ node_id: "n1" }, { node_id: "n2" }] }]]),
    drawings: new Map([["d1", { x: 7, y: 8 }]]),
  },
  boxOfDrawing: () => null,
  group: (id) => (id === "g1" ? { x: 3, y: 4 } : undefined),
};

test("a link is in the middle between its nodes", () => {
  const [a, b, middle] = ["n1", "n2", "l1"].map((id) => centreOfThing(graph, id));
  assert.deepEqual(middle, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
});

test("a drawing that is not shown is where it begins; a group where it is", () => {
  assert.deepEqual(centreOfThing(graph, "d1"), [7, 8]);
  assert.deepEqual(centreOfThing(graph, "g1"), [3, 4]);
  assert.deepEqual(centreOfThing(graph, "gone"), [0, 0]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { laneOf, pointBeside } from "../../../gns3trio/web/map/lanes.js";
import { HEIGHT } from "../../../gns3trio/web/map/node_box.js";

const [A, B] = [[0, 0], [400, 0]];

// The lanes of links between a and b; those in `turned` begin at b.
function lanesOf(ids, turned = []) {
  const linksOfNode = new Map([["a", new Set([...ids, "other"])], ["b", new Set(ids)]]);
  return ids.map((id) => {
    const ends = [{ node_id: "a" }, { node_id: "b" }];
    const way = turned.includes(id) ? ends.toReversed() : ends;
    const [from, to] = turned.includes(id) ? [B, A] : [A, B];
    return laneOf({ link_id: id, nodes: way }, linksOfNode, from, to);
  });
}

test("a link alone goes through the middle", () => {
  assert.deepEqual(lanesOf(["l1"]), [{ shift: [0, 0], at: 0.5, alone: true }]);
});

test("two links lie beside each other, and their texts at different places", () => {
  const [first, second] = lanesOf(["l1", "l2"]);
  assert.deepEqual(first.shift.map((each) => each + 0), [0, -8]);
  assert.deepEqual(second.shift.map((each) => each + 0), [0, 8]);
  const part = (1 - 2 * (HEIGHT / 400)) / 6; // a third of what the nodes do not cover, to both sides of the middle
  assert.ok(Math.abs(first.at - (0.5 - part)) < 1e-9);
  assert.ok(Math.abs(second.at - (0.5 + part)) < 1e-9);
  assert.ok(!first.alone);
});

test("a link has the same lane whichever end comes first", () => {
  const [, straight] = lanesOf(["l1", "l2"]);
  const [, turned] = lanesOf(["l1", "l2"], ["l2"]);
  assert.deepEqual(turned.shift.map((each) => each + 0), straight.shift.map((each) => each + 0));
  assert.ok(Math.abs(turned.at - (1 - straight.at)) < 1e-9); // the same place, seen from the other end
});

test("many links share a width", () => {
  const lanes = lanesOf(Array.from({ length: 21 }, (_, index) => `l${String(index).padStart(2, "0")}`));
  const across = lanes.map(({ shift }) => shift[1]);
  assert.ok(Math.max(...across) - Math.min(...across) <= 100);
});

test("nodes at the same place have lanes without numbers that are none", () => {
  const linksOfNode = new Map([["a", new Set(["l1", "l2"])], ["b", new Set(["l1", "l2"])]]);
  const lane = laneOf({ link_id: "l1", nodes: [{ node_id: "a" }, { node_id: "b" }] }, linksOfNode, [5, 5], [5, 5]);
  assert.ok([...lane.shift, lane.at].every(Number.isFinite));
});

test("a name stands beside the node, on the line", () => {
  assert.deepEqual(pointBeside(A, B, [60, 40], 12), [42, 0]);
  assert.deepEqual(pointBeside([0, 0], [0, -256], [60, 40], 12), [0, -32]);
});

test("a name is never beyond the middle of its link", () => {
  assert.deepEqual(pointBeside([0, 0], [40, 0], [60, 40], 12), [20, 0]);
  assert.deepEqual(pointBeside([7, 7], [7, 7], [60, 40], 12), [7, 7]);
});

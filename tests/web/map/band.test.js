import assert from "node:assert/strict";
import test from "node:test";

import { boxBetween, idsIn } from "../../../gns3trio/web/map/band.js";

const node = (id, x, y) => [id, { node_id: id, x, y, width: 10, height: 10 }];
const link = (id, ...ends) => [id, { link_id: id, nodes: ends.map((node_id) => ({ node_id })) }];
const LAB = {
  nodes: new Map([node("a", 0, 0), node("b", 100, 0), node("c", 300, 0)]),
  links: new Map([link("ab", "a", "b"), link("bc", "b", "c"), link("half", "a"), link("lost", "a", "gone")]),
  drawings: new Map(["within", "across", "unknown"].map((id) => [id, { drawing_id: id }])),
};
const AREAS = { within: [20, 0, 40, 10], across: [20, 0, 400, 10], unknown: null };
const idsOf = (box) => idsIn(box, LAB, ({ drawing_id }) => AREAS[drawing_id]);

test("a box has two corners, in any order", () => {
  assert.deepEqual(boxBetween([5, 1], [2, 7]), [2, 1, 5, 7]);
});

test("a band selects what it touches of nodes, their links, and drawings that it surrounds", () => {
  assert.deepEqual(idsOf([5, 5, 105, 20]).toSorted(), ["a", "ab", "b"]);
  assert.deepEqual(idsOf([-5, -5, 105, 20]).toSorted(), ["a", "ab", "b", "within"]);
  assert.deepEqual(idsOf([-5, -5, 30, 20]), ["a"]);
  assert.deepEqual(idsOf([11, 0, 99, 20]), ["within"]);
});

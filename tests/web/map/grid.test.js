import assert from "node:assert/strict";
import test from "node:test";

import { movedBy, snapped, stepOf } from "../../../gns3trio/web/map/grid.js";

const OFF = { snap_to_grid: false, grid_size: 75, drawing_grid_size: 25 };
const ON = { ...OFF, snap_to_grid: true };
const NODE = { x: 0, y: 0, width: 60, height: 40 };
const DRAWING = { x: 0, y: 0, svg: "" };

test("a node snaps with its centre, a drawing with its corner", () => {
  assert.deepEqual(snapped([50, 52], NODE, ON), [45, 55]); // the centre is at 75, 75
  assert.deepEqual(snapped([50, 62], DRAWING, ON), [50, 50]);
  assert.deepEqual(snapped([50, 62], NODE, OFF), [50, 62]);
  assert.deepEqual(snapped([50, 62], NODE, undefined), [50, 62]);
});

test("a grid of a file that has no length is no division by zero", () => {
  assert.deepEqual(snapped([50.4, 62], NODE, { ...ON, grid_size: 0 }), [50, 62]);
});

test("what moves together keeps its places beside each other", () => {
  const other = { x: 7, y: 3, width: 10, height: 10 };
  assert.deepEqual(movedBy([["a", NODE], ["b", other]], [50, 52], ON), [["a", [45, 55]], ["b", [52, 58]]]);
  assert.deepEqual(movedBy([["a", NODE], ["b", other]], [50, 52], OFF), [["a", [50, 52]], ["b", [57, 55]]]);
  assert.deepEqual(movedBy([], [50, 52], ON), []);
});

test("keys move by the grid", () => {
  assert.equal(stepOf(ON, 10), 75);
  assert.equal(stepOf(OFF, 10), 10);
});

import assert from "node:assert/strict";
import test from "node:test";

import { boxBetween, lineBetween, normal, resized, rotationAt, toLocal, toMap, turned } from "../../../gns3trio/web/drawings/geometry.js";

const BOX = { x: 100, y: 50, width: 80, height: 40, rotation: 0 };

test("a handle moves its edges, and the others stay", () => {
  assert.deepEqual(resized(BOX, "se", [200, 150]), { x: 100, y: 50, width: 100, height: 100 });
  assert.deepEqual(resized(BOX, "nw", [90, 45]), { x: 90, y: 45, width: 90, height: 45 });
  assert.deepEqual(resized(BOX, "e", [300, 999]), { x: 100, y: 50, width: 200, height: 40 });
  assert.deepEqual(resized(BOX, "nw", [999, 999]), { x: 175, y: 85, width: 5, height: 5 });
  assert.deepEqual(resized(BOX, "se", [260, 60], true), { x: 100, y: 50, width: 160, height: 80 });
});

test("also of a drawing that is turned", () => {
  const turnedBox = { ...BOX, rotation: 90 }; // it covers x from 60 to 100, y from 50 to 130
  assert.deepEqual(resized(turnedBox, "se", [40, 150]), { x: 100, y: 50, width: 100, height: 60 });
  assert.deepEqual(resized(turnedBox, "nw", [110, 40]), { x: 110, y: 40, width: 90, height: 50 });
});

test("places on the map and in a drawing", () => {
  const [x, y] = toLocal(toMap([7, 9], { ...BOX, rotation: 33 }), { ...BOX, rotation: 33 });
  assert.ok(Math.abs(x - 7) < 1e-9 && Math.abs(y - 9) < 1e-9);
});

test("a drawing turns about its middle", () => {
  assert.deepEqual(turned(BOX, 90), { x: 160, y: 30, rotation: 90 });
  assert.deepEqual(turned(turned({ ...BOX, ...turned(BOX, 180) }, 360) && { ...BOX, ...turned(BOX, 180) }, 0), { x: 100, y: 50, rotation: 0 });
  assert.equal(rotationAt(BOX, [140, 0]), 0);
  assert.equal(rotationAt(BOX, [999, 70]), 90);
  assert.equal(rotationAt(BOX, [999, 80], true), 90);
  assert.deepEqual([-15, 360, 725].map(normal), [345, 0, 5]);
});

test("what the mouse draws", () => {
  assert.deepEqual(boxBetween([10, 20], [-5, 60]), { x: -5, y: 20, width: 15, height: 40 });
  assert.deepEqual(boxBetween([10, 20], [-5, 60], true), { x: -30, y: 20, width: 40, height: 40 });
  assert.deepEqual(lineBetween([10, 20], [0, 60]), { x: 0, y: 20, width: 10, height: 40, x1: 10, y1: 0, x2: 0, y2: 40 });
  assert.deepEqual(lineBetween([0, 0], [100, 3], true), { x: 0, y: 0, width: 100, height: 0, x1: 0, y1: 0, x2: 100, y2: 0 });
});

import assert from "node:assert/strict";
import test from "node:test";

import { HEIGHT, WIDTH, boxOf, centreOf, sizeOf } from "../../../gns3trio/web/map/node_box.js";

test("a node has its own size, or that of most symbols", () => {
  assert.deepEqual(sizeOf({ width: 100, height: 40 }), [100, 40]);
  assert.deepEqual(sizeOf({ width: 0, height: null }), [WIDTH, HEIGHT]);
});

test("its place is its upper left corner", () => {
  const node = { x: -10, y: 20, width: 100, height: 40 };
  assert.deepEqual(boxOf(node), [-10, 20, 90, 60]);
  assert.deepEqual(centreOf(node), [40, 40]);
  assert.deepEqual(centreOf({ x: 0, y: 0 }), [WIDTH / 2, HEIGHT / 2]);
});

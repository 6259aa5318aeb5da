import assert from "node:assert/strict";
import test from "node:test";

import { itemBeginning, nextItem, placeOf } from "../../../gns3trio/web/edit/context_menu.js";

test("arrow keys go round, Home and End to the ends", () => {
  assert.deepEqual(["ArrowDown", "ArrowUp", "Home", "End", "x"].map((key) => nextItem(key, 2, 3)), [0, 1, 0, 2, undefined]);
  assert.equal(nextItem("ArrowUp", 0, 3), 2);
});

test("a letter goes to the next item that begins with it", () => {
  const titles = ["Cut", "Copy", "Delete"];
  assert.deepEqual([itemBeginning("c", titles, 0), itemBeginning("C", titles, 1), itemBeginning("d", titles, 2), itemBeginning("x", titles, 0)], [1, 0, 2, -1]);
});

test("a menu is within the window, and does not cover the point if there is room", () => {
  assert.deepEqual(placeOf([10, 20], [100, 50], [800, 600]), [10, 20]);
  assert.deepEqual(placeOf([790, 590], [100, 50], [800, 600]), [690, 540]);
  assert.deepEqual(placeOf([50, 20], [390, 700], [400, 600]), [8, 8]); // larger than the window
});

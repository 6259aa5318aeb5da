import assert from "node:assert/strict";
import { test } from "node:test";

import { heightAfter, limited } from "../../../gns3trio/web/drawer/drawer_height.js";

test("keys make the drawer higher and lower", () => {
  assert.deepEqual(["ArrowUp", "ArrowDown", "PageUp", "Home", "End", "a"].map((key) => heightAfter(key, 300, 700)), [324, 276, 420, 120, 700, undefined]);
});

test("a height leaves room for the map, and the drawer can be seen", () => {
  assert.deepEqual([limited(10, 700), limited(300.4, 700), limited(900, 700), limited(300, 90)], [120, 300, 700, 90]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { keyParts } from "../../../gns3trio/web/edit/key_list.js";

test("keys are written as on a keyboard", () => {
  assert.deepEqual(keyParts("Ctrl+Shift+Z"), ["Ctrl", "Shift", "Z"]);
  assert.deepEqual(keyParts("Shift+Up"), ["Shift", "↑"]);
  assert.deepEqual(keyParts("+"), ["+"]);
});

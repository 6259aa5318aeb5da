import assert from "node:assert/strict";
import { test } from "node:test";

import { actionOf } from "../../../gns3trio/web/drawer/terminal_keys.js";

const press = (code, keys = {}) => actionOf({ type: "keydown", code, ctrlKey: true, shiftKey: true, altKey: false, metaKey: false, ...keys });

test("keys with Ctrl and Shift are for the page", () => {
  assert.deepEqual(["KeyC", "KeyV", "KeyF", "ArrowRight"].map((code) => press(code)), ["copy", "paste", "find", "next tab"]);
});

test("the node gets all others", () => {
  assert.equal(press("KeyC", { shiftKey: false }), undefined); // Ctrl-C interrupts
  assert.equal(press("KeyC", { ctrlKey: false }), undefined);
  assert.equal(press("KeyC", { altKey: true }), undefined);
  assert.equal(press("KeyX"), undefined);
  assert.equal(press("constructor"), undefined);
  assert.equal(press("KeyC", { type: "keyup" }), undefined);
});

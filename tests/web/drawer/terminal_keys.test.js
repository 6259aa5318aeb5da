import assert from "node:assert/strict";
import { test } from "node:test";

import { TOUCH_KEYS, actionOf, touchText } from "../../../gns3trio/web/drawer/terminal_keys.js";

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

test("the keys that a phone lacks send what those of a keyboard send", () => {
  const texts = (isApplicationMode) => Object.fromEntries(TOUCH_KEYS.map(([label, , text]) => [label, touchText(text, isApplicationMode)]));
  assert.deepEqual(texts(false), { "Ctrl-C": "\x03", Tab: "\t", Esc: "\x1b", "↑": "\x1b[A", "↓": "\x1b[B" });
  assert.deepEqual(texts(true), { "Ctrl-C": "\x03", Tab: "\t", Esc: "\x1b", "↑": "\x1bOA", "↓": "\x1bOB" });
});

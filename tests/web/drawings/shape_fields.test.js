import assert from "node:assert/strict";
import test from "node:test";

import { fieldsOf, readValue, shownColor } from "../../../gns3trio/web/drawings/shape_fields.js";

test("each kind has its fields, and all have a place", () => {
  assert.ok(fieldsOf({ kind: "rectangle" }).inShape.some(({ name }) => name === "radius"));
  assert.ok(!fieldsOf({ kind: "line" }).inShape.some(({ name }) => name === "fill"));
  assert.deepEqual(fieldsOf({ kind: "other", width: null }).inShape, []);
  assert.deepEqual(fieldsOf({ kind: "picture", width: 1 }).ofDrawing.map(({ name }) => name), ["x", "y", "rotation", "z"]);
});

test("a font that somebody else has chosen can be kept", () => {
  const family = fieldsOf({ kind: "note", family: "Comic" }).inShape.find(({ name }) => name === "family");
  assert.equal(family.options[0], "Comic");
});

test("numbers are checked", () => {
  const field = { label: "Width", type: "number", min: 1, max: 9 };
  assert.equal(readValue(field, { value: "3" }), 3);
  for (const value of ["", " ", "x", "0", "10"]) assert.throws(() => readValue(field, { value }), /^Error: Width: /);
  assert.equal(readValue({ type: "checkbox" }, { checked: true }), true);
});

test("colours for a field", () => {
  assert.equal(shownColor("#ABCDEF"), "#abcdef");
  assert.equal(shownColor("red", () => "#ff0000"), "#ff0000");
  assert.equal(shownColor("none"), "#000000");
});

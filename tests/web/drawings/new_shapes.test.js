import assert from "node:assert/strict";
import test from "node:test";

import { fittedNote, fontOf, inSize, newDrawing, usualBox } from "../../../gns3trio/web/drawings/new_shapes.js";

test("areas are below nodes, notes and lines above them", () => {
  assert.ok(newDrawing("rectangle", usualBox("rectangle", [0, 0])).z < 1);
  assert.ok(newDrawing("note", { x: 1, y: 2, width: 0, height: 0 }).z > 1);
});

test("a shape of the usual size is around its place", () => {
  assert.deepEqual(usualBox("ellipse", [100, 100]), { x: 0, y: 40, width: 200, height: 120 });
  assert.deepEqual(usualBox("line", [100, 100]), { x: 0, y: 100, width: 200, height: 0, x1: 0, y1: 0, x2: 200, y2: 0 });
});

test("a note is as large as its text", () => {
  const { shape } = newDrawing("note", { x: 0, y: 0, width: 0, height: 0 });
  const fitted = fittedNote({ ...shape, text: "one\nlonger", size: 10 }, (line) => 7 * line.length);
  assert.deepEqual([fitted.width, fitted.height], [50, 40]);
});

test("a font is safe in CSS", () => assert.equal(fontOf({ family: 'a"; x', size: 9, bold: true, italic: true }), 'italic bold 12px "a; x", sans-serif'));

test("the ends of a line go with its size", () => {
  const line = { kind: "line", width: 10, height: 0, x1: 10, y1: 0, x2: 0, y2: 0 };
  assert.deepEqual(inSize(line, { width: 30, height: 0 }), { ...line, width: 30, x1: 30 });
  assert.deepEqual(inSize({ kind: "ellipse", width: 1, height: 1 }, { width: 30, height: 2 }), { kind: "ellipse", width: 30, height: 2 });
});

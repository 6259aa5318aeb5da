import assert from "node:assert/strict";
import test from "node:test";

import { MOST_NODES, RAMPS, cellAt, cellFrom, colourAt, inkOn, layoutOf, lightness } from "../../../gns3trio/web/flows/heat_layout.js";

test("few nodes have large cells with names and numbers, many have small ones without", () => {
  const few = layoutOf(3, 450);
  assert.deepEqual([few.named, few.numbered, few.cell], [true, true, 44]);
  const more = layoutOf(20, 450);
  assert.deepEqual([more.named, more.numbered], [true, false]);
  const many = layoutOf(MOST_NODES, 450);
  assert.deepEqual([many.named, many.numbered, many.cell], [false, false, 3]);
  assert.ok(many.size <= 450);
  assert.equal(layoutOf(MOST_NODES, 300).cell, 3); // it is scrolled then
  assert.ok(layoutOf(60, 450).size <= 450);
});

test("names have the room that they need, up to a limit", () => {
  assert.ok(layoutOf(3, 450, 20).start < 30);
  assert.equal(layoutOf(3, 450, 5000).start, layoutOf(3, 450).start);
  assert.ok(layoutOf(3, 450, 5000).start < 100);
});

test("a point is in a cell, or beside them", () => {
  const layout = layoutOf(3, 450);
  const { start, cell } = layout;
  assert.deepEqual(cellAt(layout, start, start), [0, 0]);
  assert.deepEqual(cellAt(layout, start + 2.9 * cell, start + 0.5 * cell), [0, 2]); // a row lies below another
  assert.equal(cellAt(layout, start - 1, start), null);
  assert.equal(cellAt(layout, start + 3 * cell, start), null);
});

test("keys move from cell to cell and stop at the edges", () => {
  assert.deepEqual(cellFrom([1, 1], "ArrowUp", 3), [0, 1]);
  assert.deepEqual(cellFrom([1, 1], "ArrowRight", 3), [1, 2]);
  assert.deepEqual(cellFrom([2, 0], "ArrowDown", 3), [2, 0]);
  assert.deepEqual(cellFrom([1, 1], "End", 3), [1, 2]);
  assert.deepEqual(cellFrom([1, 1], "PageDown", 3), [2, 1]);
  assert.equal(cellFrom([1, 1], "a", 3), undefined);
});

const parts = Array.from({ length: 101 }, (_, place) => place / 100);
const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);

test("more is always darker on a light page and lighter on a dark one, so that the scale needs no colours", () => {
  const steps = (ramp) => parts.slice(1).map((part) => lightness(colourAt(ramp, part)) - lightness(colourAt(ramp, part - 0.01)));
  assert.ok(steps(RAMPS.light).every((step) => step < 0));
  assert.ok(steps(RAMPS.dark).every((step) => step > 0));
});

test("numbers can be read on every colour", () => {
  for (const ramp of Object.values(RAMPS)) {
    for (const part of parts) {
      const colour = colourAt(ramp, part);
      assert.ok(contrast(lightness(colour), inkOn(colour) === "#000" ? 0 : 1) >= 4.5, `${colour}`);
    }
  }
});

test("a part beyond the scale has the colour of its end", () => {
  assert.deepEqual(colourAt(RAMPS.light, 2), RAMPS.light.at(-1));
  assert.deepEqual(colourAt(RAMPS.light, -1), RAMPS.light[0]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { ROW, rowsInView } from "../../../gns3trio/web/panels/windowed_list.js";

test("rows in view are shown, and some above and below", () => {
  const [first, end] = rowsInView(1000 * ROW, 10 * ROW, 20_000);
  assert.ok(first < 1000 && first > 980);
  assert.ok(end >= 1010 && end < 1030);
});

test("at its begin and end a list has no other rows", () => {
  assert.equal(rowsInView(0, 10 * ROW, 20_000)[0], 0);
  assert.deepEqual(rowsInView(19_990 * ROW, 10 * ROW, 20_000).at(1), 20_000);
  assert.deepEqual(rowsInView(0, 10 * ROW, 3), [0, 3]);
  assert.deepEqual(rowsInView(0, 10 * ROW, 0), [0, 0]);
});

test("a list that has become shorter than it was scrolled shows no row too many", () => {
  assert.deepEqual(rowsInView(1000 * ROW, 10 * ROW, 5), [5, 5]);
});

test("a row in view by a part is shown", () => {
  const [first, end] = rowsInView(99.5 * ROW, ROW, 200);
  assert.ok(first <= 99 && end >= 101);
});

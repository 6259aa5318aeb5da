import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, nearest, placesOf, scaleOf, ticks, timeTicks, valueAt, valueTicks } from "../../gns3trio/web/plot_scale.js";

test("an axis ends at 1, 2, 5 or 10 times a power of ten", () => {
  for (const [highest, end] of [[0.3, 0.5], [1, 1], [1.1, 2], [3, 5], [7, 10], [10, 10], [12_345, 20_000]]) assert.equal(scaleOf([1e-9, highest]), end);
  assert.deepEqual([scaleOf([]), scaleOf([0, -3])], [1, 1]);
});

test("marks are round numbers", () => {
  assert.deepEqual(ticks(0, 20), [0, 5, 10, 15, 20]);
  assert.deepEqual(ticks(0, 1518, 4), [0, 500, 1000, 1500]);
  assert.deepEqual(ticks(0, 0.3, 4), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(ticks(64, 1518, 4), [500, 1000, 1500]);
  assert.deepEqual(ticks(5, 5), [5]);
});

test("values have marks from zero to one that none exceeds", () => {
  assert.deepEqual(valueTicks([3, 7]), [0, 2, 4, 6, 8]);
  assert.deepEqual(valueTicks([1_200_000]), [0, 500_000, 1_000_000, 1_500_000]);
  assert.deepEqual(valueTicks([0.07]), [0, 0.02, 0.04, 0.06, 0.08]);
  assert.deepEqual(valueTicks([5], 100), [0, 50, 100]);
});

test("nothing but zeros has a mark at zero only", () => {
  assert.deepEqual([valueTicks([]), valueTicks([0, 0])], [[0], [0]]);
});

test("no axis has many marks, and none ends below a value", () => {
  for (let exponent = -6; exponent < 12; exponent += 0.037) {
    const marks = valueTicks([10 ** exponent]);
    assert.ok(marks.length >= 2 && marks.length <= 6, `${10 ** exponent}: ${marks}`);
    assert.ok(marks.at(-1) >= 10 ** exponent * 0.999999999);
  }
});

test("time is marked by minutes before now", () => {
  const now = 1e12;
  assert.deepEqual(timeTicks(now - 180_000, now).map((time) => ago(time, now)), ["−3 min", "−2 min", "−1 min", "now"]);
  assert.deepEqual(timeTicks(now - 20_000, now), [now]);
  assert.equal(timeTicks(now - 3_600_000, now).length, 5);
  assert.deepEqual([ago(now - 42_400, now), ago(now - 61_000, now), ago(now + 5, now)], ["−42 s", "−1 min 1 s", "now"]);
});

test("the nearest place is found", () => {
  assert.deepEqual([[-9, 0], [1.4, 1], [1.6, 2], [2, 2], [99, 2]].map(([x]) => nearest([0, 1, 2], x)), [0, 1, 2, 2, 2]);
  assert.equal(nearest([], 3), -1);
  assert.deepEqual(placesOf([{ points: [[3, 1], [5, 1]] }, { points: [[1, 1], [3, 9]] }]), [1, 3, 5]);
});

test("a value is that of the place, or the last one before", () => {
  const points = [[1, 10], [3, 30]];
  assert.deepEqual([0, 1, 2, 3, 9].map((x) => valueAt(points, x)), [null, 10, 10, 30, 30]);
});

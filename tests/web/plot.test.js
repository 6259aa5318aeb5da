import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { linePlot, scaleOf } from "../../gns3trio/web/plot.js";
import { openDocument } from "./small_dom.js";

beforeEach(openDocument);

const textsOf = (plot) => plot.all("text").map((text) => text.textContent);
const pathsOf = (plot) => plot.all("path").map((path) => path.getAttribute("d"));

test("an axis ends at 1, 2, 5 or 10 times a power of ten", () => {
  for (const [highest, end] of [[0.3, 0.5], [1, 1], [1.1, 2], [3, 5], [7, 10], [10, 10], [12_345, 20_000]]) assert.equal(scaleOf([1e-9, highest]), end);
});

test("an axis of nothing ends at 1", () => {
  assert.equal(scaleOf([]), 1);
  assert.equal(scaleOf([0, -3]), 1);
});

test("lines go from left to right, from the bottom to the top", () => {
  const plot = linePlot([{ name: "load", points: [[0, 0], [5, 2], [10, 1]] }], { label: "Load" });
  assert.deepEqual(pathsOf(plot), ["M58.0 104.0L206.0 8.0L354.0 56.0"]);
  assert.deepEqual(textsOf(plot), ["2", "0", "0", "10"]);
});

test("values are written as asked", () => {
  const options = { label: "Latency", format: (us) => `${us} µs`, formatX: (size) => `${size} bytes`, from: 0, to: 1518 };
  assert.deepEqual(textsOf(linePlot([{ points: [[64, 40]] }], options)), ["50 µs", "0 µs", "0 bytes", "1518 bytes"]);
});

test("what lies before the beginning is not shown, and counts for no axis", () => {
  const plot = linePlot([{ points: [[10, 500], [60, 1], [100, 1]] }], { label: "Load", from: 50, to: 100 });
  assert.equal(pathsOf(plot)[0].match(/[ML]/g).length, 2);
  assert.equal(textsOf(plot)[0], "1");
});

test("nothing is drawn where there is nothing", () => {
  const plot = linePlot([{ name: "a", points: [] }], { label: "Load" });
  assert.deepEqual(pathsOf(plot), ["M0 0"]);
  assert.ok(!textsOf(plot).some((text) => /NaN|Infinity/.test(text)));
});

test("a single point has a place", () => {
  const plot = linePlot([{ points: [[5, 3]] }], { label: "One", from: 5, to: 5, dots: true });
  assert.equal(plot.all("circle")[0].getAttribute("cx"), "58");
});

test("lines with a name are told apart by their colour", () => {
  const plot = linePlot([{ points: [] }, { name: "lost", points: [] }], { label: "Lost" });
  const [legend] = plot.all("div");
  assert.deepEqual(legend.children.map((each) => [each.className, each.textContent]), [["c1", "lost"]]);
  assert.equal(linePlot([{ points: [] }], { label: "x" }).all("div").length, 0);
});

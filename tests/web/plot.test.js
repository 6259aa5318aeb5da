import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Plot, linePlot } from "../../gns3trio/web/plot.js";
import { openDocument } from "./small_dom.js";

beforeEach(openDocument);

const textsOf = (plot) => plot.all("text").map((text) => text.textContent);
const pathsOf = (plot) => plot.all("path").map((path) => path.getAttribute("d"));

test("lines go from left to right, from the bottom to the top", () => {
  const plot = linePlot([{ name: "load", points: [[0, 0], [5, 2], [10, 1]] }], { label: "Load" });
  assert.deepEqual(pathsOf(plot), ["M70.0 114.0L210.0 8.0L350.0 61.0"]);
  assert.deepEqual(textsOf(plot), ["0", "0.5", "1", "1.5", "2", "0", "5", "10"]);
});

test("values and places are written as asked", () => {
  const options = { label: "Latency", format: (us) => `${us.toFixed(1)} µs`, formatX: (size) => `${size} bytes`, from: 0, to: 1518 };
  assert.deepEqual(textsOf(linePlot([{ points: [[64, 40]] }], options)), ["0 µs", "10 µs", "20 µs", "30 µs", "40 µs", "0", "500", "1,000", "1500 bytes"]);
});

test("what lies before the beginning is not shown, and counts for no axis", () => {
  const plot = linePlot([{ points: [[10, 500], [60, 1], [100, 1]] }], { label: "Load", from: 50, to: 100 });
  assert.equal(pathsOf(plot)[0].match(/[ML]/g).length, 2);
  assert.ok(textsOf(plot).includes("1") && !textsOf(plot).includes("500"));
});

test("where there is nothing, that is said, and no axis pretends values", () => {
  const plot = linePlot([{ name: "a", points: [[0, 0], [60_000, 0]] }], { label: "Load", isTime: true, from: 0, to: 60_000, format: (bits) => `${bits} bit/s`, nothing: "No traffic" });
  assert.deepEqual(textsOf(plot), ["0 bit/s", "−1 min", "now", "No traffic"]);
  assert.deepEqual(pathsOf(linePlot([{ points: [] }], { label: "Load" })), ["M0 0"]);
  assert.ok(!textsOf(linePlot([{ points: [] }], { label: "Load" })).some((text) => /NaN|Infinity/.test(text)));
});

test("a single point has a place", () => {
  const plot = linePlot([{ points: [[5, 3]] }], { label: "One", from: 5, to: 5, dots: true });
  assert.equal(plot.all("circle")[0].getAttribute("cx"), "70");
});

test("lines with a name are told apart by their colour", () => {
  const plot = new Plot({ label: "Lost" });
  plot.show([{ points: [] }, { name: "lost", points: [] }]);
  assert.deepEqual(plot.legend.children.map((each) => [each.className, each.textContent]), [["c1", "lost"]]);
  plot.show([{ points: [] }]);
  assert.equal(plot.legend.hidden, true);
});

test("keys tell the values at a place, which stays when the plot is drawn again", () => {
  const plot = new Plot({ label: "Load", isTime: true, format: (bits) => `${bits} bit/s` });
  const series = [{ name: "A → B", points: [[0, 5], [10_000, 7]] }, { name: "B → A", points: [[0, 1]] }];
  plot.show(series, { from: 0, to: 20_000 });
  assert.equal(plot.read.textContent, "");
  plot.slider.value = "1";
  plot.slider.dispatchEvent(new Event("input"));
  assert.equal(plot.read.textContent, "−10 s: A → B 7 bit/s, B → A 1 bit/s");
  assert.equal(plot.slider.getAttribute("aria-valuetext"), plot.read.textContent);
  plot.show(series, { from: 0, to: 30_000 });
  assert.equal(plot.read.textContent, "−20 s: A → B 7 bit/s, B → A 1 bit/s");
  plot.slider.dispatchEvent(new Event("blur"));
  assert.equal(plot.read.textContent, "");
});

test("the pointer tells the nearest place", () => {
  const plot = new Plot({ label: "Load" });
  plot.show([{ points: [[0, 5], [10, 7]] }], { from: 0, to: 10 });
  plot.picture.getBoundingClientRect = () => ({ left: 0, width: 360 });
  plot.follow({ clientX: 340 });
  assert.equal(plot.read.textContent, "10: 7");
  plot.follow({ clientX: 75 });
  assert.equal(plot.read.textContent, "0: 5");
});

import assert from "node:assert/strict";
import test from "node:test";

import { fittedView, isSeen, middleOf, viewOf, zoomedView } from "../../../gns3trio/web/map/map_view.js";

const WINDOW = [800, 600];
const onScreen = ({ x, y, scale }, [px, py]) => [scale * px + x, scale * py + y];
const near = (actual, wanted) => actual.forEach((value, at) => assert.ok(Math.abs(value - wanted[at]) < 1e-9, `${actual} is not ${wanted}`));

test("all boxes are seen when they fit", () => {
  const boxes = [[-500, -100, -400, 0], [900, 2000, 1000, 2100], [0, 0, 50, 50]];
  const view = fittedView(boxes, WINDOW);
  for (const box of boxes) assert.ok(isSeen(box, view, WINDOW), `${box}`);
  near(onScreen(view, [250, 1000]), [400, 320]); // their middle, a little below that of the window
});

test("few boxes are not made too large, and none are a lab all the same", () => {
  assert.equal(fittedView([[0, 0, 10, 10]], WINDOW).scale, 1.6);
  assert.ok(fittedView([], WINDOW).scale > 1);
});

test("what is under the pointer stays there when the scale changes", () => {
  const view = { x: 30, y: -20, scale: 1.5 };
  const pointer = [200, 100];
  const lab = [(pointer[0] - view.x) / view.scale, (pointer[1] - view.y) / view.scale];
  for (const factor of [1.15, 0.5, 1000, 0.0001]) near(onScreen(zoomedView(view, factor, pointer), lab), pointer);
});

test("the scale has ends", () => {
  const view = { x: 0, y: 0, scale: 1 };
  assert.equal(zoomedView(view, 1000, [0, 0]).scale, 4);
  assert.equal(zoomedView(view, 0.0001, [0, 0]).scale, 0.03);
});

test("a lab that was fitted at a smaller scale is neared step by step", () => {
  const view = { x: 0, y: 0, scale: 0.002 };
  assert.equal(zoomedView(view, 2, [0, 0]).scale, 0.004);
  assert.equal(zoomedView(view, 0.5, [0, 0]).scale, 0.002);
});

test("what is chosen is in the middle, large enough to be read", () => {
  const view = viewOf([1000, -300], { scale: 0.1 }, WINDOW);
  assert.deepEqual(onScreen(view, [1000, -300]), [400, 300]);
  assert.equal(view.scale, 0.8);
  assert.equal(viewOf([0, 0], { scale: 2 }, WINDOW).scale, 2);
  assert.equal(viewOf([0, 0], { scale: 0.1 }, WINDOW, 0).scale, 0.1);
});

test("what crosses the edge of the window is not seen", () => {
  const view = { x: 100, y: 100, scale: 2 };
  assert.ok(isSeen([-49, -49, 349, 249], view, WINDOW));
  for (const box of [[-51, 0, 10, 10], [0, -51, 10, 10], [0, 0, 351, 10], [0, 0, 10, 251]]) assert.ok(!isSeen(box, view, WINDOW), `${box}`);
});

test("the middle of the window is a point of the lab", () => {
  const view = { x: 100, y: -60, scale: 0.5 };
  near(onScreen(view, middleOf(view, WINDOW)), [400, 300]);
});

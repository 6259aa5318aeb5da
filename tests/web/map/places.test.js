import assert from "node:assert/strict";
import test from "node:test";

import { DIRECTIONS, freePlace, nearestTowards } from "../../../gns3trio/web/map/places.js";

const FROM = [0, 0];

test("each arrow finds what lies there", () => {
  const places = [["left", [-50, 0]], ["right", [50, 0]], ["up", [0, -50]], ["down", [0, 50]]];
  for (const [key, id] of [["ArrowLeft", "left"], ["ArrowRight", "right"], ["ArrowUp", "up"], ["ArrowDown", "down"]]) {
    assert.equal(nearestTowards(FROM, DIRECTIONS[key], places), id);
  }
});

test("what is straight ahead goes before what is nearer, but aside", () => {
  assert.equal(nearestTowards(FROM, DIRECTIONS.ArrowRight, [["aside", [50, 60]], ["ahead", [120, 0]]]), "ahead");
  assert.equal(nearestTowards(FROM, DIRECTIONS.ArrowRight, [["aside", [50, 30]], ["ahead", [120, 0]]]), "aside");
});

test("nothing lies there", () => {
  assert.equal(nearestTowards(FROM, DIRECTIONS.ArrowUp, []), null);
  assert.equal(nearestTowards(FROM, DIRECTIONS.ArrowUp, [["same", [0, 0]], ["below", [0, 10]], ["beside", [10, 0]]]), null);
});

test("the first node stands around the middle, in the grid", () => {
  assert.deepEqual(freePlace([0, 0], []), [-30, -30]);
  assert.deepEqual(freePlace([333, 444], []).map((place) => place % 10), [0, 0]);
});

test("each new node covers none, and they stay together", () => {
  const nodes = [];
  for (let count = 0; count < 60; count += 1) {
    const [x, y] = freePlace([0, 0], nodes);
    for (const node of nodes) assert.ok(Math.abs(node.x - x) >= 130 || Math.abs(node.y - y) >= 110, `${x}, ${y} covers ${node.x}, ${node.y}`);
    nodes.push({ x, y });
  }
  assert.ok(nodes.every(({ x, y }) => Math.abs(x) < 800 && Math.abs(y) < 800));
  assert.deepEqual([nodes[1].x, nodes[1].y], [-30, -140]); // the nearest: rows are closer than columns
});

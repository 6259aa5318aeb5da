import assert from "node:assert/strict";
import test from "node:test";

import { DIRECTIONS, freePlace, nearestTowards } from "../../../gns3trio/web/map/places.js";

const FROM = [0, 0];

test("each arrow finds what lies there, from anywhere", () => {
  const places = [["left", [-50, 0]], ["right", [50, 0]], ["up", [0, -50]], ["down", [0, 50]]];
  assert.equal(nearestTowards([-200, 10], DIRECTIONS.ArrowRight, [["far", [500, 10]], ["behind", [-250, 10]], ["near", [-100, 20]]]), "near");
  assert.equal(nearestTowards([0, -200], DIRECTIONS.ArrowDown, [["ahead", [0, -100]], ["aside", [90, -120]]]), "ahead");
  assert.equal(nearestTowards([0, 300], DIRECTIONS.ArrowLeft, [["aside", [-50, 0]], ["ahead", [-200, 300]]]), "ahead");
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
  const besides = nodes.slice(1, 5).map(({ x, y }) => [x + 30, y + 30]); // rows are closer than columns
  assert.deepEqual(besides, [[0, -110], [-130, 0], [130, 0], [0, 110]]);
});

test("in the midst of ten thousand nodes the nearest free place is found", () => {
  const nodes = Array.from({ length: 10_000 }, (_, number) => ({ x: 130 * (number % 100), y: 110 * Math.floor(number / 100) }));
  assert.deepEqual(freePlace([6530, 5530], nodes), [130 * 100, 5500]);
  assert.deepEqual(freePlace([130 * 7 + 30, 110 * 7 + 30], nodes.filter((_, number) => number !== 708)), [130 * 8, 110 * 7]);
});

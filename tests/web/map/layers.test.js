import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { s } from "../../../gns3trio/web/dom.js";
import { Layers } from "../../../gns3trio/web/map/layers.js";
import { openDocument } from "../small_dom.js";

beforeEach(openDocument);

const order = (layers) => layers.scene.all("g").flatMap((group) => group.children.filter((child) => child.tag !== "g").map((child) => child.tag));

test("higher layers are drawn later, whenever they come", () => {
  const layers = new Layers();
  for (const z of [5, -1, 10, 0, 7]) layers.put(s(`z${z}`), z, "nodes");
  assert.deepEqual(order(layers), ["z-1", "z0", "z5", "z7", "z10"]);
});

test("in a layer links lie below nodes, and drawings above both", () => {
  const layers = new Layers();
  for (const kind of ["drawings", "nodes", "ports", "links"]) layers.put(s(kind), 1, kind);
  assert.deepEqual(order(layers), ["links", "nodes", "ports", "drawings"]);
});

test("a thing that gets another layer moves there", () => {
  const layers = new Layers();
  const node = s("node");
  layers.put(node, 1, "nodes");
  layers.put(s("other"), 2, "nodes");
  layers.put(node, 3, "nodes");
  assert.deepEqual(order(layers), ["other", "node"]);
});

test("a thing that stays keeps its place among its like", () => {
  const layers = new Layers();
  const first = s("first");
  layers.put(first, 1, "nodes");
  layers.put(s("second"), 1, "nodes");
  layers.put(first, 1, "nodes");
  assert.deepEqual(order(layers), ["first", "second"]);
});

test("layers that were cleared are made anew", () => {
  const layers = new Layers();
  layers.put(s("old"), 1, "nodes");
  layers.clear();
  layers.put(s("new"), 1, "nodes");
  assert.deepEqual(order(layers), ["new"]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { findThings } from "../../../gns3trio/web/panels/find_things.js";

const node = (name) => [`node ${name}`, name, "started"];
const link = (name) => [`link ${name}`, name, "idle"];
const find = (nodes, links, text) => findThings(nodes.map(node), links.map(link), text).map(([, name]) => name);

test("everything is found without a text: nodes before links, in the order of their numbers", () => {
  assert.deepEqual(find(["PC10", "PC2", "Hub"], ["PC2 e0 – Hub e0"], ""), ["Hub", "PC2", "PC10", "PC2 e0 – Hub e0"]);
});

test("what has the text in its name is found, in letters of any size", () => {
  assert.deepEqual(find(["Switch1", "PC1"], ["PC1 e0 – Switch1 e0"], "SWI"), ["Switch1", "PC1 e0 – Switch1 e0"]);
  assert.deepEqual(find(["PC1"], [], "nothing"), []);
});

test("the name comes before what begins with it, and that before the rest", () => {
  assert.deepEqual(find(["MyPC1", "PC10", "PC1"], ["A – PC1", "PC1 e0 – A"], "pc1"), ["PC1", "PC10", "PC1 e0 – A", "MyPC1", "A – PC1"]);
});

test("of the same name a node comes first, and a link of that name before a node that begins with it", () => {
  assert.deepEqual(findThings([node("PC10"), node("PC1")], [link("PC1")], "pc1").map(([id]) => id), ["node PC1", "link PC1", "node PC10"]);
});

test("what is found is given whole", () => assert.deepEqual(findThings([node("PC1")], [], "pc"), [["node PC1", "PC1", "started"]]));

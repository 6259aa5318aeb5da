import assert from "node:assert/strict";
import test from "node:test";

import { asPart, nodesNamed } from "../../../gns3trio/web/flows/node_names.js";

const node = (node_id, name, runs = true) => ({ node_id, name, runs });
const NODES = [node(1, "PC1"), node(2, "PC2"), node(3, "web-1"), node(4, "web-2", false), node(5, "a*"), node(6, "a,b"), node(7, "PC1")];
const named = (text) => nodesNamed(text, NODES, ({ runs }) => runs);

test("names between commas, each node once", () => {
  assert.deepEqual(named("PC2, PC1,PC2,"), [2, 1, 7]);
  assert.deepEqual(named("web-2"), [4]); // the server says why it cannot
});

test("a pattern means the nodes that run", () => {
  assert.deepEqual(named("web-*"), [3]);
  assert.deepEqual(named("*1"), [1, 3, 7]);
  assert.deepEqual(named("*"), [1, 2, 3, 5, 6, 7]);
});

test("a name with a * or a comma can be given", () => {
  assert.deepEqual(named("a*"), [5]);
  assert.deepEqual(named(asPart("a,b")), [6]);
});

test("a part that means nothing is told", () => {
  assert.throws(() => named("PC1, PC9"), /No node is called 'PC9'/);
  assert.throws(() => named("x*"), /No PC that runs is called 'x\*'/);
  for (const text of ["", " , "]) assert.throws(() => named(text), /Name the nodes/);
});

test("pieces of a pattern do not overlap, and a long one costs no time", () => {
  const match = (pattern, name) => nodesNamed(`${pattern}`, [node(1, name)], () => true).length === 1;
  assert.throws(() => match("ab*ba", "aba"));
  assert.ok(match("a*b*c", "aXbXbXc"));
  assert.throws(() => match(`${"a*".repeat(20_000)}b`, "a".repeat(50_000)));
});

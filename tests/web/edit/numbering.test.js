import assert from "node:assert/strict";
import test from "node:test";

import { freeNames, hasMark, nextNumber, numberOf, patternOf, withNumber } from "../../../gns3trio/web/edit/numbering.js";

test("a text has the number of its node", () => {
  assert.equal(withNumber("ip 10.0.{n}.{n}/24 # $& %h", 7), "ip 10.0.7.7/24 # $& %h");
  assert.deepEqual([hasMark("ip {n}"), hasMark("ip n")], [true, false]);
  assert.deepEqual(["PC7", "SW-012", "12", "PC", "PC7a"].map(numberOf), [7, 12, 12, null, null]);
});

test("a pattern has a place for the number, and no spaces", () => {
  assert.deepEqual(["PC{n}", "PC{0}", "Desk ", "{n} a"].map(patternOf), ["PC{n}", "PC{n}", "Desk{n}", "{n}a"]);
});

test("numbers go on after those in use", () => {
  assert.equal(nextNumber("PC{n}", ["PC1", "PC12", "PC", "PCx", "XPC99", "PC1-2"]), 13);
  assert.equal(nextNumber("PC{n}", []), 1);
  assert.equal(nextNumber("a{n}-b", ["a3-b", "a9", "a-b"]), 4);
});

test("copies get the lowest free numbers in their order", () => {
  assert.deepEqual(freeNames(["PC1", "PC2", "SW1"], ["PC1", "PC2", "PC4", "SW1"]), ["PC3", "PC5", "SW2"]);
  assert.deepEqual(freeNames(["PC1", "Core", "Core"], ["SW"]), ["PC1", "Core", "Core1"]);
});

test("many names take no long", () => {
  const names = Array.from({ length: 5000 }, (_, place) => `PC${place + 1}`);
  assert.equal(freeNames(names, names).at(-1), "PC10000");
});

import assert from "node:assert/strict";
import test from "node:test";

import { MEASURES, csvOf, describeMesh, describePair, sortedPairs, squareOf, topOf } from "../../../gns3trio/web/flows/mesh_report.js";

const latency = (p50) => ({ p50_us: p50, p99_us: 2 * p50, max_us: 3 * p50 });
const pair = (sender, receiver, more) => ({
  sender, receiver, sent: 100, arrived: 100, lost: 0, loss_percent: 0, duplicated: 0, reordered: 0, bits_per_second: 1000,
  latency: latency(10), round_trip: null, ended: "done", ...more,
});
const DEAF = { arrived: 0, lost: 100, loss_percent: 100, bits_per_second: null, latency: null };
const REPORT = {
  nodes: ["PC10", "PC9", "PC1"].map((name) => ({ name })),
  pairs: [pair(0, 1), pair(0, 2, { lost: 5, loss_percent: 5, latency: latency(20) }), pair(1, 0, DEAF), pair(2, 0, { bits_per_second: 10 })],
  possible_pairs: 6, sent: 400, arrived: 295, lost: 105, data_bytes: 128,
};

test("rows and columns are in the order of names, with numbers by their value", () => {
  const { nodes, cells } = squareOf(REPORT);
  assert.deepEqual(nodes.map(({ name }) => name), ["PC1", "PC9", "PC10"]);
  assert.deepEqual([...cells], [-1, -1, 3, -1, -1, 2, 1, 0, -1]); // from PC1, from PC9, from PC10
});

test("the worst pairs come first", () => {
  assert.deepEqual(sortedPairs(REPORT, "loss"), [2, 1, 0, 3]);
  assert.deepEqual(sortedPairs(REPORT, "p50"), [2, 1, 0, 3]); // nothing arrived: worse than any latency
  assert.deepEqual(sortedPairs(REPORT, "rate"), [2, 3, 1, 0]);
  assert.deepEqual(sortedPairs(REPORT, "p50", true), [0, 3, 1, 2]);
});

test("a pair that could send nothing is the worst", () => {
  const pairs = [pair(0, 1, DEAF), pair(1, 0, { ...DEAF, sent: 0, lost: 0, loss_percent: null })];
  assert.deepEqual(sortedPairs({ ...REPORT, pairs }, "loss"), [1, 0]);
});

test("pairs are in the order of names, and those of one name by their loss", () => {
  assert.deepEqual(sortedPairs(REPORT, "sender"), [3, 2, 1, 0]);
  assert.deepEqual(sortedPairs(REPORT, "receiver"), [1, 0, 2, 3]);
});

test("20,000 pairs are sorted in an instant, and their square is made", () => {
  const count = 141;
  const pairs = [];
  for (let a = 0; a < count; a += 1) for (let b = 0; b < count; b += 1) if (a !== b) pairs.push(pair(a, b, { loss_percent: (a * b) % 101 }));
  const nodes = Array.from({ length: count }, (_, place) => ({ name: `PC${place}` }));
  const order = sortedPairs({ nodes, pairs }, "loss");
  assert.equal(new Set(order).size, pairs.length);
  assert.equal(pairs[order[0]].loss_percent, 100);
  assert.equal(squareOf({ nodes, pairs }).cells.filter((place) => place < 0).length, count);
});

test("the scale ends at a round number above the highest value", () => {
  assert.equal(topOf("loss", REPORT.pairs), 100);
  assert.equal(topOf("loss", [pair(0, 1)]), 1); // one lost packet of thousands does not look like a failure
  assert.equal(topOf("p50", REPORT.pairs), 20);
  assert.equal(topOf("p50", [pair(0, 1, DEAF)]), 1);
});

test("cells show short numbers in one unit", () => {
  assert.deepEqual([0, 0.2, 13.4, 100].map(MEASURES.loss.short), ["0", "0.2", "13", "100"]);
  assert.deepEqual([0, 12.3, 5054, 250_000].map(MEASURES.p50.short), ["0", "0.012", "5.05", "250"]);
  assert.equal(MEASURES.rate.short(532_020), "532");
});

test("a pair and a mesh in words", () => {
  assert.equal(describePair(REPORT, REPORT.pairs[1]), "PC10 → PC1: 5 of 100 lost (5.00 %); latency: median 20.0 µs, 99th percentile 40.0 µs; 1.0 kbit/s");
  assert.equal(describePair(REPORT, { ...REPORT.pairs[2], ended: "gone" }), "PC9 → PC10: 100 of 100 lost (100.0 %); gone");
  assert.equal(describePair(REPORT, pair(0, 1, { ...DEAF, sent: 0, ended: "no_route" })), "PC10 → PC9: nothing was sent; no route");
  assert.equal(describeMesh(REPORT), "4 of 6 pairs between 3 PCs; 400 packets of 128 bytes, 105 lost (26.3 %).");
});

test("a file for spreadsheets has a row for each pair, and no name is a formula there", () => {
  const nodes = ['=1+"1"', "a,b", "PC1"].map((name) => ({ name }));
  const rows = csvOf({ ...REPORT, nodes }).split("\r\n");
  assert.equal(rows.length, REPORT.pairs.length + 2);
  assert.equal(rows[1], `"'=1+""1""","a,b",100,100,0,0,0,0,1000,10,20,30,,,,done`);
  assert.equal(rows[3], `"a,b","'=1+""1""",100,0,100,100,0,0,,,,,,,,done`);
  assert.equal(rows[0].split(",").length, 16);
});

import assert from "node:assert/strict";
import test from "node:test";

import { arrowsAlong, conditionsOf, directionText, toldText, wireText } from "../../gns3trio/web/conditions.js";

const TYPES = [ // as the server describes them, in part
  { type: "rate", parameters: [{ name: "bits_per_second", required: true, unit: "bit/s" }, { name: "queue_bytes", required: false, is_told: false, default: 1, unit: "bytes" }] },
  { type: "loss", parameters: [{ name: "percent", required: true, unit: "%" }] },
  { type: "corrupt", parameters: [{ name: "percent", required: true, unit: "%" }] },
  { type: "reorder", parameters: [{ name: "percent", required: true, unit: "%" }, { name: "milliseconds", required: true, unit: "ms" }] },
  { type: "gilbert", parameters: [{ name: "p", required: true, unit: "%" }, { name: "r", required: false, is_told: true, default: 5, unit: "%" }] },
];
const NAMES = ["PC1", "SW1"];
const textsOf = (filters, own = []) => conditionsOf({ filters }, own, TYPES).map((each) => toldText(each, NAMES));

test("a link without conditions has none", () => {
  assert.deepEqual(conditionsOf({}, [], TYPES), []);
  assert.deepEqual(textsOf({}), []);
});

test("GNS3's filters are told with their values", () => {
  assert.deepEqual(textsOf({ delay: [20, 5], packet_loss: [3], corrupt: [1], frequency_drop: [4] }),
    ["delay 20 ± 5 ms", "loss 3 %", "corrupt 1 %", "drops every 4th frame"]);
  assert.deepEqual(textsOf({ delay: [20] }), ["delay 20 ms"]);
  assert.deepEqual(textsOf({ delay: [1500, 0] }), ["delay 1,500 ms"]);
  assert.deepEqual(textsOf({ frequency_drop: [-1] }), ["drops all frames"]);
  assert.deepEqual([1, 2, 3, 11, 12, 22, 113].map((each) => textsOf({ frequency_drop: [each] })[0].split(" ")[2]),
    ["1st", "2nd", "3rd", "11th", "12th", "22nd", "113th"]);
  assert.deepEqual(textsOf({ bpf: ["icmp\n\n udp port 53 "] }), ["drops icmp", "drops udp port 53"]);
  assert.equal(textsOf({ bpf: ["x".repeat(5000)] })[0].length, "drops ".length + 30);
});

test("impairments are told with value, unit and direction", () => {
  assert.deepEqual(textsOf({}, [
    { type: "loss", percent: 5, direction: "a_to_b" }, { type: "loss", percent: 0.5, direction: "b_to_a" },
    { type: "rate", bits_per_second: 64000, queue_bytes: 9, direction: "both" }, { type: "rate", bits_per_second: 1_500_000, direction: "both" },
    { type: "rate", bits_per_second: 300, direction: "both" }, { type: "reorder", percent: 2, milliseconds: 10, direction: "both" },
    { type: "gilbert", p: 1, r: 5, direction: "both" }, { type: "gilbert", p: 1, r: 6, direction: "both" },
  ]), ["loss 5 % PC1 → SW1", "loss 0.5 % SW1 → PC1", "rate 64 kbit/s", "rate 1.5 Mbit/s", "rate 300 bit/s", "reorder 2 %, 10 ms", "gilbert 1 %", "gilbert 1 %, 6 %"]);
});

test("a direction is told in words", () => {
  assert.equal(directionText("both", NAMES), "both directions");
  assert.equal(directionText("a_to_b", NAMES), "PC1 → SW1");
  assert.equal(directionText("b_to_a", NAMES), "SW1 → PC1");
});

test("what lets nothing pass blocks, and a rate limit narrows", () => {
  const flags = (filters, own) => conditionsOf({ filters }, own, TYPES).map(({ blocks, narrows }) => [blocks, narrows]);
  assert.deepEqual(flags({ packet_loss: [100], frequency_drop: [-1] }, []), [[true, false], [true, false]]);
  assert.deepEqual(flags({ packet_loss: [99], frequency_drop: [2], delay: [5000] }, []), [[false, false], [false, false], [false, false]]);
  assert.deepEqual(flags({}, [{ type: "rate", bits_per_second: 1 }, { type: "loss", percent: 100 }]), [[false, true], [true, false]]);
});

test("a filter that is not known has its name, whatever that is", () => {
  assert.deepEqual(textsOf({ shaper: [1], constructor: [1], toString: [2] }), ["shaper", "constructor", "toString"]);
});

test("beside the wire an arrow tells the direction as it is drawn", () => {
  const told = (from, to) => ["a_to_b", "b_to_a"].map((direction) => wireText({ text: "loss 5 %", direction }, arrowsAlong(from, to)));
  assert.deepEqual(told([0, 0], [100, 10]), ["loss 5 % →", "loss 5 % ←"]);
  assert.deepEqual(told([0, 0], [-100, 0]), ["loss 5 % ←", "loss 5 % →"]);
  assert.deepEqual(told([0, 0], [5, -100]), ["loss 5 % ↑", "loss 5 % ↓"]);
  assert.deepEqual(told([0, 0], [-100, 100]), ["loss 5 % ↙", "loss 5 % ↗"]);
  assert.equal(wireText({ text: "delay 20 ms", direction: "both" }, arrowsAlong([0, 0], [1, 0])), "delay 20 ms");
});

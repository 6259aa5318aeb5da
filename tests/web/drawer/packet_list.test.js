import assert from "node:assert/strict";
import { test } from "node:test";

import { PacketList, formatDelta, formatMoment } from "../../../gns3trio/web/drawer/packet_list.js";

const packets = (count, size = 10) => Array.from({ length: count }, () => ({ bytes: new Uint8Array(size) }));
const numbers = (list) => list.shown.map(({ number }) => number);

test("the newest packets are kept, with their numbers", () => {
  const list = new PacketList(3);
  list.add(packets(2));
  list.add(packets(3));
  assert.deepEqual([numbers(list), list.count, list.removed, list.bytes], [[3, 4, 5], 5, 2, 30]);
  list.add(packets(100));
  assert.deepEqual(numbers(list), [103, 104, 105]);
});

test("large packets are kept as far as there is memory", () => {
  const list = new PacketList(1000, 100);
  list.add(packets(30));
  assert.deepEqual([list.all.length, list.bytes], [10, 100]);
  list.add(packets(1, 1000));
  assert.equal(list.bytes <= 100, true);
});

test("a filter shows some of those that are kept, also of those that come", () => {
  const list = new PacketList(4);
  list.add(packets(4));
  list.filter(({ number }) => number % 2 === 0);
  assert.deepEqual(numbers(list), [2, 4]);
  list.add(packets(2));
  assert.deepEqual([numbers(list), list.removed], [[4, 6], 1]);
  list.filter(null);
  assert.deepEqual(numbers(list), [3, 4, 5, 6]);
  list.clear();
  assert.deepEqual([numbers(list), list.count], [[], 0]);
});

test("times have the same width", () => {
  assert.deepEqual([formatDelta(null), formatDelta(0.000123), formatDelta(12.5), formatDelta(4000)], ["", "0.000123 s", "12.500000 s", "4000 s"]);
  assert.match(formatMoment(1_700_000_000.25), /^\d\d:\d\d:20\.250000$/);
});

import assert from "node:assert/strict";
import test from "node:test";

import { LinkTraffic, describeTotals } from "../../gns3trio/web/traffic.js";

const stats = (there, back, dropped = {}) => ({
  interval: 1,
  a_to_b: { bits_per_second: there, frames: 10, bytes: 1000, drops: dropped },
  b_to_a: { bits_per_second: back, frames: 5, bytes: 600, drops: {} },
});

test("a link carries what its newest statistics say", () => {
  const traffic = new LinkTraffic();
  assert.deepEqual(traffic.rate(), { bits: 0, lost: 0 });
  traffic.count(stats(100, 50), 1000);
  traffic.count(stats(200, 70), 2000);
  assert.deepEqual(traffic.rate(), { bits: 270, lost: 0 });
});

test("the history begins at nothing", () => {
  const traffic = new LinkTraffic();
  traffic.count(stats(100, 50), 1000);
  assert.deepEqual(traffic.history, [[999, 0, 0, 0, 0], [1000, 100, 50, 0, 0]]);
});

test("drops are counted by the second since the statistics before", () => {
  const traffic = new LinkTraffic();
  traffic.count(stats(1, 1, { filter: 40 }), 1000); // before somebody looked: when they were lost is not known
  assert.equal(traffic.rate().lost, 0);
  traffic.count(stats(1, 1, { filter: 50, queue: 10 }), 3000);
  assert.equal(traffic.rate().lost, 10);
  const back = stats(1, 1, { filter: 50, queue: 10 });
  back.b_to_a.drops = { filter: 6 };
  traffic.count(back, 5000);
  assert.deepEqual([traffic.rate().lost, traffic.history.at(-1)], [3, [5000, 1, 1, 0, 3]]); // each direction has its own
});

test("statistics that come at once make no rate without end", () => {
  const traffic = new LinkTraffic();
  traffic.count(stats(1, 1, { filter: 40 }), 1000);
  traffic.count(stats(1, 1, { filter: 50 }), 1000);
  assert.equal(traffic.rate().lost, 200);
});

test("counters that begin again lose nothing", () => {
  const traffic = new LinkTraffic();
  traffic.count(stats(1, 1, { filter: 40 }), 1000);
  traffic.count(stats(1, 1, { filter: 3 }), 2000);
  assert.equal(traffic.rate().lost, 0);
});

test("a link without statistics for a while is idle, which is told once", () => {
  const traffic = new LinkTraffic();
  traffic.count(stats(100, 50), 1000);
  assert.equal(traffic.expire(3500), false);
  assert.equal(traffic.expire(3501), true);
  assert.equal(traffic.expire(9000), false);
  assert.deepEqual(traffic.rate(), { bits: 0, lost: 0 });
  assert.deepEqual(traffic.history.at(-1), [1001, 0, 0, 0, 0]);
});

test("an idle link that carries something rises from nothing again", () => {
  const traffic = new LinkTraffic();
  traffic.count(stats(100, 50), 1000);
  traffic.expire(5000);
  traffic.count(stats(10, 5), 8000);
  assert.deepEqual(traffic.history.slice(-2), [[7999, 0, 0, 0, 0], [8000, 10, 5, 0, 0]]);
});

test("the history has the last five minutes", () => {
  const traffic = new LinkTraffic();
  for (let second = 1; second <= 400; second += 1) traffic.count(stats(1, 1), 1000 * second);
  assert.equal(traffic.history[0][0], 100_000);
  assert.equal(traffic.history.length, 301);
});

test("the history until now goes on as it was", () => {
  const traffic = new LinkTraffic();
  assert.deepEqual(traffic.historyUntil(500), []);
  traffic.count(stats(100, 50), 1000);
  assert.deepEqual(traffic.historyUntil(1500).at(-1), [1500, 100, 50, 0, 0]);
  traffic.expire(5000);
  assert.deepEqual(traffic.historyUntil(6000).at(-1), [6000, 0, 0, 0, 0]);
  assert.equal(traffic.history.at(-1)[0], 1001); // what was shown is not kept
});

test("totals are told for each direction, with the reasons of drops", () => {
  const both = stats(0, 0, { filter: 1500, queue: 0 });
  assert.deepEqual(describeTotals(both, ["PC1", "SW1"]), [
    "PC1 → SW1: 10 frames, 1,000 bytes; dropped: 1,500 (filter)",
    "SW1 → PC1: 5 frames, 600 bytes; dropped: none",
  ]);
  both.b_to_a.drops = { filter: 500, loss: 2 };
  assert.equal(describeTotals(both, ["PC1", "SW1"])[1], "SW1 → PC1: 5 frames, 600 bytes; dropped: 500 (filter), 2 (loss)");
});

test("of very many links each keeps a short history, and its newest", () => {
  const traffic = new LinkTraffic();
  for (let second = 1; second <= 100; second += 1) traffic.count(stats(second, 0), 1000 * second, 100_000);
  assert.ok(traffic.history.length <= 20);
  assert.deepEqual(traffic.history.at(-1), [100_000, 100, 0, 0, 0]);
  assert.deepEqual(traffic.rate(), { bits: 100, lost: 0 });
});

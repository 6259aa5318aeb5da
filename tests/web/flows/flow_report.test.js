import assert from "node:assert/strict";
import test from "node:test";

import { LATENCY_HEAD, factsOf, formatPercent, latenciesOf } from "../../../gns3trio/web/flows/flow_report.js";

const LATENCY = { min_us: 5001, p50_us: 5054, p90_us: 5098, p99_us: 5110, max_us: 5190 };
const NOTHING = { packets: 0, duplicated: 0, reordered: 0, bits_per_second: null, latency: null };
const REPORT = {
  sent: 1000, data_bytes: 512, sent_bits_per_second: 2e6, lost: 101, loss_percent: 10.1, unsent: 0, unreachable: 0, ended: "done",
  arrived: { packets: 899, duplicated: 2, reordered: 3, bits_per_second: 1.8e6, latency: LATENCY }, returned: NOTHING,
};

test("what was sent and what arrived", () => {
  assert.deepEqual(factsOf(REPORT, false), [
    ["Sent", "1,000 packets of 512 bytes: 2.0 Mbit/s"],
    ["Arrived", "899, 2 duplicated, 3 reordered: 1.8 Mbit/s"],
    ["Lost", "101 (10.1 %)"],
  ]);
});

test("what came back is told if it was asked for, or if nobody counted what arrived", () => {
  const returned = ["Returned", "0, 0 duplicated, 0 reordered"];
  assert.deepEqual(factsOf(REPORT, true).at(-1), returned);
  const toAnybody = factsOf({ ...REPORT, arrived: null, lost: null, loss_percent: null }, false);
  assert.deepEqual(toAnybody.slice(1), [["Arrived", "not known: nobody counts there"], returned]);
});

test("what went wrong is told", () => {
  const facts = factsOf({ ...REPORT, sent: 0, lost: 0, loss_percent: null, unsent: 7, unreachable: 1200, ended: "no_route" }, false);
  assert.deepEqual(facts.slice(2), [["Lost", "0"], ["Not sent", "7, for want of memory"], ["Unreachable", "told 1,200 times"], ["Ended", "no route"]]);
});

test("latencies have a row for each way that is known", () => {
  assert.deepEqual(latenciesOf(REPORT), [["One way", "5.00 ms", "5.05 ms", "5.10 ms", "5.11 ms", "5.19 ms"]]);
  const back = { ...REPORT, arrived: null, returned: { ...NOTHING, latency: LATENCY } };
  assert.deepEqual(latenciesOf(back).map(([name]) => name), ["Round trip"]);
  assert.equal(latenciesOf(REPORT)[0].length, LATENCY_HEAD.length);
  assert.deepEqual(latenciesOf({ arrived: null, returned: NOTHING }), []);
});

test("a loss has as many digits as matter, and none only if there is none", () => {
  assert.deepEqual([0, 0.01, 9.94, 9.96, 100].map(formatPercent), ["0 %", "0.01 %", "9.94 %", "10.0 %", "100.0 %"]);
});

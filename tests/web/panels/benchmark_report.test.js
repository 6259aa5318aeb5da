import assert from "node:assert/strict";
import test from "node:test";

import { HEAD, plotsOf, rowsOf } from "../../../gns3trio/web/panels/benchmark_report.js";

const SMALL = {
  frame_size: 64,
  throughput: { frames_per_second: 1_488_095, bits_per_second: 761_904_640 },
  latency: { p50_us: 12.345, p99_us: 123.6, max_us: 2000 },
  loss: [{ sent_per_second: 200, loss_percent: 0 }, { sent_per_second: 100, loss_percent: 1 }],
  burst: { frames: 5000 },
};
const LARGE = { frame_size: 1518, throughput: { frames_per_second: 81_274, bits_per_second: 987_000_000 } };

test("each kind of test that was made has a plot over the sizes of frames", () => {
  const [throughput, latency, loss] = plotsOf([SMALL, LARGE]);
  assert.deepEqual(throughput.series, [{ name: "throughput without loss", points: [[64, 761_904_640], [1518, 987_000_000]] }]);
  assert.deepEqual([throughput.label, throughput.format(1e9), throughput.formatX(64)], ["Throughput", "1.0 Gbit/s", "64 bytes"]);
  assert.deepEqual(latency.series, [
    { name: "p50", points: [[64, 12.345]] }, { name: "p99", points: [[64, 123.6]] }, { name: "max", points: [[64, 2000]] },
  ]);
  assert.equal(latency.format(2000), "2 ms");
  assert.deepEqual(loss.series, [{ name: "64 bytes", points: [[100, 1], [200, 0]] }]); // in the order of rates
  assert.equal(loss.format(1), "1 %");
});

test("what was not tested has no plot", () => {
  assert.deepEqual(plotsOf([LARGE]).map(({ label }) => label), ["Throughput"]);
  assert.deepEqual(plotsOf([{ frame_size: 64, loss: [] }]), []);
  assert.deepEqual(plotsOf([]), []);
});

test("each size of frames has a row, with dashes for what was not tested", () => {
  assert.deepEqual(rowsOf([SMALL, LARGE]), [
    [64, "1,488,095", "762 Mbit/s", "12.3", "124", "5,000"],
    [1518, "81,274", "987 Mbit/s", "–", "–", "–"],
  ]);
  for (const row of rowsOf([SMALL, LARGE])) assert.equal(row.length, HEAD.length);
});

test("the report that was shown is not changed", () => {
  const before = structuredClone(SMALL);
  plotsOf([SMALL]);
  assert.deepEqual(SMALL, before);
});

// The contents of a benchmark report: its plots and the rows of its table, as values.

import { formatCount, formatMicroseconds, formatRate } from "../format.js";

export const HEAD = ["Bytes", "Frames/s", "Rate", "p50 µs", "p99 µs", "Burst"];

const formatShort = (number) => (number < 100 ? number.toFixed(1) : formatCount(Math.round(number)));
const formatBytes = (x) => `${x} bytes`;

// One per kind of test that was run: {series, label, format, formatX}, for `linePlot`.
export function plotsOf(results) {
  const plots = [];
  const throughput = results.filter((each) => each.throughput);
  if (throughput.length) {
    const points = throughput.map((each) => [each.frame_size, each.throughput.bits_per_second]);
    plots.push({ series: [{ name: "throughput without loss", points }], label: "Throughput", format: formatRate, formatX: formatBytes });
  }
  const latency = results.filter((each) => each.latency);
  if (latency.length) {
    const series = ["p50_us", "p99_us", "max_us"].map((name) => ({
      name: name.replace("_us", ""), points: latency.map((each) => [each.frame_size, each.latency[name]]),
    }));
    plots.push({ series, label: "Latency", format: formatMicroseconds, formatX: formatBytes });
  }
  const lossy = results.filter((each) => each.loss?.length);
  if (lossy.length) {
    const series = lossy.map((each) => ({
      name: formatBytes(each.frame_size),
      points: each.loss.map((point) => [point.sent_per_second, point.loss_percent]).toSorted((a, b) => a[0] - b[0]),
    }));
    plots.push({ series, label: "Loss against rate", format: (percent) => `${percent} %`, formatX: formatCount });
  }
  return plots;
}

// The cells below HEAD, one row per frame size.
export const rowsOf = (results) => results.map((each) => [each.frame_size,
  each.throughput ? formatCount(each.throughput.frames_per_second) : "–",
  each.throughput ? formatRate(each.throughput.bits_per_second) : "–",
  ...["p50_us", "p99_us"].map((name) => (each.latency ? formatShort(each.latency[name]) : "–")),
  each.burst ? formatCount(each.burst.frames) : "–"]);

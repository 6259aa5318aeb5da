// The benchmark of a link: what is asked, how far it is, and the report as plots and a table.

import { post } from "./api.js";
import { act, formatCount, formatMicroseconds, formatRate, h, setText } from "./dom.js";
import { linePlot } from "./plot.js";

const TESTS = { throughput: "throughput", latency: "latency", loss: "loss against rate", burst: "burst" };

export function makeBenchmark(lab, linkId) {
  const bar = h("progress", { max: 1, value: 0, hidden: true });
  const said = h("p", { className: "hint", ariaLive: "polite" });
  const report = h("div");
  const seconds = h("input", { type: "number", name: "seconds", min: 0.1, max: 60, step: "any", value: 0.5 });
  const sizes = h("input", { name: "sizes", value: "64, 512, 1518", size: 14, pattern: "[0-9, ]+" });
  const tests = Object.entries(TESTS).map(([name, text]) =>
    h("label", {}, h("input", { type: "checkbox", name, checked: name !== "burst" }), ` ${text} `));
  const go = h("button", { className: "primary" }, "Measure");
  const form = h("form", { onsubmit: (event) => {
    event.preventDefault();
    go.disabled = true;
    act(measure)().finally(() => {
      go.disabled = false;
      bar.hidden = true;
      lab.onBenchmark = null;
    });
  } },
    h("p", {}, tests),
    h("label", { className: "field" }, h("span", {}, "Frame sizes, bytes with checksum"), sizes),
    h("label", { className: "field" }, h("span", {}, "Seconds of one trial"), seconds), go);

  async function measure() {
    bar.hidden = false;
    bar.value = 0;
    report.replaceChildren();
    lab.onBenchmark = (event) => {
      if (event.link_id !== linkId) return;
      bar.value = event.progress;
      setText(said, `${event.test}, ${event.frame_size} bytes, trial ${event.trial}: ${formatCount(event.lost)} lost of ${formatCount(event.frames)}`);
    };
    const result = await post(`${lab.path}/links/${linkId}/benchmark`, {
      tests: Object.keys(TESTS).filter((name) => form.elements[name].checked),
      frame_sizes: sizes.value.split(",").map(Number),
      trial_seconds: Number(seconds.value),
    });
    setText(said, result.nodes_were_sending ? "The nodes were sending meanwhile: measure again when they are silent." : "");
    report.replaceChildren(...showReport(result));
  }

  return [form, bar, said, report];
}

const formatShort = (number) => (number < 100 ? number.toFixed(1) : formatCount(Math.round(number)));

function showReport({ results }) {
  const parts = [];
  const throughput = results.filter((each) => each.throughput);
  if (throughput.length) {
    const points = throughput.map((each) => [each.frame_size, each.throughput.bits_per_second]);
    parts.push(linePlot([{ name: "throughput without loss", points }], { label: "Throughput", format: formatRate, formatX: (x) => `${x} bytes`, from: 0, dots: true }));
  }
  const latency = results.filter((each) => each.latency);
  if (latency.length) {
    const series = ["p50_us", "p99_us", "max_us"].map((name) => ({
      name: name.replace("_us", ""), points: latency.map((each) => [each.frame_size, each.latency[name]]),
    }));
    parts.push(linePlot(series, { label: "Latency", format: formatMicroseconds, formatX: (x) => `${x} bytes`, from: 0, dots: true }));
  }
  const lossy = results.filter((each) => each.loss?.length);
  if (lossy.length) {
    const series = lossy.map((each) => ({
      name: `${each.frame_size} bytes`, points: each.loss.map((point) => [point.sent_per_second, point.loss_percent]).sort((a, b) => a[0] - b[0]),
    }));
    parts.push(linePlot(series, { label: "Loss against rate", format: (percent) => `${percent} %`, formatX: formatCount, from: 0, dots: true }));
  }
  const head = ["Bytes", "Frames/s", "Rate", "p50 µs", "p99 µs", "Burst"];
  const rows = results.map((each) => [each.frame_size,
    each.throughput ? formatCount(each.throughput.frames_per_second) : "–",
    each.throughput ? formatRate(each.throughput.bits_per_second) : "–",
    ...["p50_us", "p99_us"].map((name) => (each.latency ? formatShort(each.latency[name]) : "–")),
    each.burst ? formatCount(each.burst.frames) : "–"]);
  parts.push(h("table", {}, h("thead", {}, h("tr", {}, head.map((text) => h("th", { className: "number" }, text)))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((text) => h("td", { className: "number" }, text)))))));
  return parts;
}

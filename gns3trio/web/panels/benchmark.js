// The benchmark of a link: its parameters, its progress, and the report as plots and a table.

import { act, enable } from "../actions.js";
import { post } from "../api.js";
import { h, setText } from "../dom.js";
import { formatCount } from "../format.js";
import { linePlot } from "../plot.js";
import { HEAD, plotsOf, rowsOf } from "./benchmark_report.js";

const TESTS = { throughput: "throughput", latency: "latency", loss: "loss against rate", burst: "burst" };

export function makeBenchmark(lab, linkId) {
  const bar = h("progress", { max: 1, value: 0, hidden: true });
  const said = h("p", { className: "hint", ariaLive: "polite" });
  const report = h("div");
  const seconds = h("input", { type: "number", name: "seconds", min: 0.1, max: 60, step: "any", value: 0.5 });
  const sizes = h("input", { name: "sizes", value: "64, 512, 1518", size: 14, pattern: "[0-9, ]+" });
  const tests = Object.entries(TESTS).map(([name, text]) =>
    h("label", { className: "choice" }, h("input", { type: "checkbox", name, checked: name !== "burst" }), text));
  const go = h("button", { className: "primary" }, "Measure");
  let measuring = false;
  const form = h("form", { onsubmit: (event) => {
    event.preventDefault();
    if (measuring) return;
    measuring = true;
    enable(go, false);
    act(measure)().finally(() => {
      measuring = false;
      enable(go, true);
      bar.hidden = true;
    });
  } },
    h("p", { className: "tests" }, tests),
    h("label", { className: "field" }, h("span", {}, "Frame sizes (bytes, with checksum)"), sizes),
    h("label", { className: "field" }, h("span", {}, "Trial length (s)"), seconds), go);

  async function measure() {
    bar.hidden = false;
    bar.value = 0;
    report.replaceChildren();
    const stopListening = lab.on("benchmark", (event) => {
      if (event.link_id !== linkId) return;
      bar.value = event.progress;
      setText(said, `${event.test}, ${event.frame_size} bytes, trial ${event.trial}: ${formatCount(event.lost)} lost of ${formatCount(event.frames)}`);
    });
    const result = await post(`${lab.path}/links/${linkId}/benchmark`, {
      tests: Object.keys(TESTS).filter((name) => form.elements[name].checked),
      frame_sizes: sizes.value.split(",").map(Number),
      trial_seconds: Number(seconds.value),
    }).finally(stopListening);
    setText(said, result.nodes_were_sending ? "The nodes were sending meanwhile: measure again when they are silent." : "");
    report.replaceChildren(...showReport(result));
  }

  return [form, bar, said, report];
}

const cells = (kind, texts) => h("tr", {}, texts.map((text) => h(kind, { className: "number" }, text)));

function showReport({ results }) {
  const plots = plotsOf(results).map(({ series, ...shown }) => linePlot(series, { ...shown, from: 0, dots: true }));
  return [...plots, h("table", {}, h("thead", {}, cells("th", HEAD)), h("tbody", {}, rowsOf(results).map((row) => cells("td", row))))];
}

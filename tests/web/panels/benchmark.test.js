import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Lab } from "../../../gns3trio/web/lab.js";
import { makeBenchmark } from "../../../gns3trio/web/panels/benchmark.js";
import { openDocument } from "../small_dom.js";

beforeEach(openDocument);

const settle = () => new Promise((done) => { setImmediate(done); });

// The benchmarks of two links at one lab; the server answers when the test says so.
function makeTwo(t) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const asked = [];
  t.mock.method(globalThis, "fetch", (path, { body }) => new Promise((resolve) => {
    asked.push({ path, body: JSON.parse(body), answer: (report, status = 200) => resolve(Response.json(report, { status })) });
  }));
  const lab = new Lab("p");
  const benchmarks = ["one", "two"].map((id) => {
    const [form, bar, said, report] = makeBenchmark(lab, id);
    form.elements = Object.fromEntries(form.all("input").map((input) => [input.name, input]));
    const measure = () => form.dispatchEvent(new Event("submit", { cancelable: true }));
    return { form, bar, said, report, measure };
  });
  const tell = (id, progress) => lab.apply("link.benchmark", { link_id: id, progress, test: "throughput", frame_size: 64, trial: 2, lost: 1, frames: 5000 });
  return { lab, asked, benchmarks, tell };
}

test("a benchmark tells how far it is, then its report", async (t) => {
  const { asked, benchmarks: [one], tell } = makeTwo(t);
  one.measure();
  assert.deepEqual(asked.map(({ path, body }) => [path.split("/v2")[1], body]), [
    ["/projects/p/links/one/benchmark", { tests: ["throughput", "latency", "loss"], frame_sizes: [64, 512, 1518], trial_seconds: 0.5 }],
  ]);
  tell("one", 0.25);
  assert.deepEqual([one.bar.hidden, one.bar.value, one.form.all("button")[0].getAttribute("aria-disabled")], [false, 0.25, "true"]);
  assert.equal(one.said.textContent, "throughput, 64 bytes, trial 2: 1 lost of 5,000");
  asked[0].answer({ results: [{ frame_size: 64, throughput: { frames_per_second: 10, bits_per_second: 1000 } }] });
  await settle();
  assert.deepEqual([one.bar.hidden, one.said.textContent, one.form.all("button")[0].getAttribute("aria-disabled")], [true, "", null]);
  assert.deepEqual(one.report.all("td").map((cell) => cell.textContent), ["64", "10", "1.0 kbit/s", "–", "–", "–"]);
});

test("nodes that sent meanwhile are told of", async (t) => {
  const { asked, benchmarks: [one] } = makeTwo(t);
  one.measure();
  asked[0].answer({ results: [], nodes_were_sending: true });
  await settle();
  assert.match(one.said.textContent, /measure again/);
});

test("two benchmarks do not hear each other, and one that ends leaves the other listening", async (t) => {
  const { asked, benchmarks: [one, two], tell } = makeTwo(t);
  one.measure();
  two.measure();
  tell("one", 0.5);
  assert.deepEqual([one.bar.value, two.bar.value], [0.5, 0]);
  asked[0].answer({ results: [] });
  await settle();
  tell("two", 0.75);
  assert.equal(two.bar.value, 0.75);
});

test("nobody listens any more when it is done, or was refused", async (t) => {
  const { lab, asked, benchmarks: [one] } = makeTwo(t);
  one.measure();
  asked[0].answer({ message: "trial_seconds: at most 60" }, 400);
  await settle();
  assert.equal(lab.listeners.get("benchmark").size, 0);
  assert.equal(one.bar.hidden, true);
  assert.match(document.getElementById("messages").textContent, /trial_seconds: at most 60/);
});

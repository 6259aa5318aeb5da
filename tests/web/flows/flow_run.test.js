import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { makeFlowRun } from "../../../gns3trio/web/flows/flow_run.js";
import { Lab } from "../../../gns3trio/web/lab.js";
import { openDocument } from "../small_dom.js";

beforeEach(openDocument);

const settle = () => new Promise((done) => { setImmediate(done); });

// A run of a node's traffic; the server answers when the test says so.
function makeOne(t, request = () => ({ seconds: 1 })) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const asked = [];
  t.mock.method(globalThis, "fetch", (_path, { body, signal }) => new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    asked.push({ body: JSON.parse(body), signal, answer: (report, status = 201) => resolve(Response.json(report, { status })) });
  }));
  const lab = new Lab("p");
  const shown = [];
  const run = makeFlowRun({
    lab, kind: "traffic", path: "/v2/x", text: "Send", isOurs: ({ node_id }) => node_id === "n", request,
    describe: ({ sent }) => `${sent} sent`, show: (report) => shown.push(report),
  });
  const [bar, said] = run.progress;
  const tell = (node_id, progress) => lab.apply("node.traffic", { node_id, progress, sent: 5 });
  return { lab, run, bar, said, asked, shown, tell };
}

const told = () => document.getElementById("messages").textContent;

test("progress is told, then the report", async (t) => {
  const { lab, run, bar, said, asked, shown, tell } = makeOne(t);
  run.start();
  assert.deepEqual([run.go.hidden, run.cancel.hidden, bar.hidden], [true, false, false]);
  tell("n", 0.5);
  tell("another", 0.9);
  assert.deepEqual([bar.value, said.textContent], [0.5, "5 sent"]);
  asked[0].answer({ sent: 10 });
  await settle();
  assert.deepEqual(shown, [{ sent: 10 }]);
  assert.deepEqual([run.go.hidden, run.cancel.hidden, bar.hidden, said.textContent], [false, true, true, ""]);
  assert.equal(lab.listeners.get("traffic").size, 0);
});

test("cancelling closes the request, and is no error", async (t) => {
  const { run, said, asked, shown } = makeOne(t);
  run.start();
  run.cancel.click();
  assert.ok(asked[0].signal.aborted);
  await settle();
  assert.deepEqual([said.textContent, run.go.hidden, shown, told()], ["Cancelled.", false, [], ""]);
  run.start();
  assert.equal(asked.length, 2);
});

test("a refusal is told, and another run may follow", async (t) => {
  const { run, asked, said } = makeOne(t);
  run.start();
  asked[0].answer({ message: "'PC1' is not started" }, 409);
  await settle();
  assert.match(told(), /'PC1' is not started/);
  assert.deepEqual([said.textContent, run.go.hidden], ["", false]);
});

test("one run at a time", async (t) => {
  const { run, asked } = makeOne(t);
  run.start();
  run.start();
  assert.equal(asked.length, 1);
});

test("fields that are wrong are told, and nothing is asked", async (t) => {
  const { run, asked } = makeOne(t, () => { throw new Error("The rate is not one"); });
  run.start();
  await settle();
  assert.deepEqual([asked.length, run.go.hidden], [0, false]);
  assert.match(told(), /The rate is not one/);
});

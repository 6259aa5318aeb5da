import assert from "node:assert/strict";
import test from "node:test";

import { ChangeQueue } from "../../../gns3trio/web/panels/change_queue.js";

const settle = () => new Promise((done) => { setImmediate(done); });

// A queue whose server answers when the test says so; `sent` are the changes of each request.
function makeQueue(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  const answers = [];
  const queue = new ChangeQueue((changes) => {
    sent.push(Object.fromEntries(changes));
    return new Promise((resolve, reject) => { answers.push({ resolve, reject }); });
  });
  const answer = async (error) => {
    if (error) answers.at(-1).reject(error);
    else answers.at(-1).resolve();
    await settle();
  };
  const wait = async (ms) => {
    t.mock.timers.tick(ms);
    await settle();
  };
  return { queue, sent, answer, wait };
}

test("a change is sent at once", async (t) => {
  const { queue, sent, answer, wait } = makeQueue(t);
  const done = queue.change("delay 0", "5");
  assert.deepEqual(sent, [{ "delay 0": "5" }]);
  assert.ok(queue.holds("delay 0"));
  await answer();
  await wait(250);
  await done;
  assert.ok(!queue.holds("delay 0"));
  assert.equal(queue.sending, false);
});

test("what comes meanwhile waits, and only the newest is sent", async (t) => {
  const { queue, sent, answer, wait } = makeQueue(t);
  const done = queue.change("delay 0", "1");
  for (const value of ["2", "3", "4"]) await queue.change("delay 0", value); // at once: another call sends it
  await queue.change("loss 0", "9");
  assert.equal(sent.length, 1);
  await answer();
  await wait(250);
  assert.deepEqual(sent, [{ "delay 0": "1" }, { "delay 0": "4", "loss 0": "9" }]);
  await answer();
  await wait(250);
  await done;
  assert.equal(sent.length, 2);
});

test("a quick server is asked a few times in a second, a slow one when it has answered", async (t) => {
  const { queue, sent, answer, wait } = makeQueue(t);
  queue.change("a", "1");
  queue.change("a", "2");
  await answer();
  await wait(249);
  assert.equal(sent.length, 1);
  await wait(1);
  assert.equal(sent.length, 2);
  queue.change("a", "3");
  await wait(10_000);
  assert.equal(sent.length, 2);
  await answer();
  assert.equal(sent.length, 3);
});

test("what is refused stays, is told, and does not hold up others", async (t) => {
  const { queue, sent, answer, wait } = makeQueue(t);
  const done = queue.change("bpf 0", "icm");
  queue.change("delay 0", "6");
  await answer(new Error("filters.bpf: syntax error"));
  assert.deepEqual(sent[1], { "delay 0": "6" });
  assert.deepEqual([...queue.refused], ["bpf 0"]);
  const told = assert.rejects(done, new Error("filters.bpf: syntax error"));
  await answer();
  await wait(250);
  await told;
  assert.ok(queue.holds("bpf 0"));
  assert.ok(!queue.holds("delay 0"));
  queue.change("bpf 0", "icmp");
  assert.equal(queue.refused.size, 0);
});

test("what was changed again before it was refused is not refused", async (t) => {
  const { queue, sent, answer, wait } = makeQueue(t);
  const done = queue.change("bpf 0", "icm");
  queue.change("bpf 0", "icmp");
  const told = assert.rejects(done);
  await answer(new Error("no"));
  assert.equal(queue.refused.size, 0);
  assert.deepEqual(sent[1], { "bpf 0": "icmp" });
  await answer();
  await wait(250);
  await told;
});

test("what was refused can be forgotten", async (t) => {
  const { queue, answer, wait } = makeQueue(t);
  const told = assert.rejects(queue.change("bpf 0", "icm"));
  await answer(new Error("no"));
  await wait(250);
  await told;
  queue.clear();
  assert.ok(!queue.holds("bpf 0"));
});

test("what is not sent yet can be forgotten", async (t) => {
  const { queue, sent, answer, wait } = makeQueue(t);
  const done = queue.change("a", "1");
  queue.change("a", "2");
  queue.clear();
  await answer();
  await wait(250);
  await done;
  assert.equal(sent.length, 1);
});

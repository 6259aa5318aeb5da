import assert from "node:assert/strict";
import test from "node:test";

import { Poll } from "../../../gns3trio/web/hosts/poll.js";

// What the server answers, one after the other; null is a refusal. Returns what was asked for.
function answer(t, replies) {
  const asked = [];
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(globalThis, "fetch", async (path) => {
    asked.push(path);
    const reply = replies[asked.length - 1];
    return reply === null ? Response.json({ message: "away" }, { status: 409 }) : Response.json(reply);
  });
  return asked;
}

test("it is asked again until closed, and a refusal is no reply", async (t) => {
  const asked = answer(t, [1, null, 3]);
  const [told, waiting] = [[], []];
  const next = () => new Promise((done) => { waiting.push(done); });
  const poll = new Poll("/v2/x", (reply) => {
    told.push(reply);
    waiting.shift()?.();
  });
  await poll.start();
  for (let time = 0; time < 2; time += 1) {
    const come = next();
    t.mock.timers.tick(2000);
    await come;
  }
  assert.deepEqual(told, [1, null, 3]);
  assert.match(asked[0], /\/v2\/x$/);
  poll.close();
  t.mock.timers.tick(10_000);
  assert.equal(asked.length, 3);
});

test("a reply that comes after the end is not told", async (t) => {
  answer(t, [1]);
  const poll = new Poll("/v2/x", () => assert.fail("was told"));
  const asking = poll.start();
  poll.close();
  await asking;
});

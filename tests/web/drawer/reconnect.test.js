import assert from "node:assert/strict";
import { test } from "node:test";

import { Reconnect, describeState } from "../../../gns3trio/web/drawer/reconnect.js";

function make(t, { running = true } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const made = { running, connections: 0, states: [] };
  made.reconnect = new Reconnect({
    connect: () => { made.connections += 1; },
    isRunning: () => made.running,
    onState: (state) => made.states.push(state),
    random: () => 1,
  });
  made.reconnect.start();
  made.kind = () => made.states.at(-1).kind;
  made.change = (runs) => {
    made.running = runs;
    made.reconnect.nodeChanged();
  };
  return made;
}

test("the waits grow, and end with a connection that lasts", (t) => {
  const made = make(t);
  const waits = [];
  for (let tries = 0; tries < 7; tries += 1) {
    made.reconnect.ended("");
    waits.push(made.states.at(-1).seconds);
    t.mock.timers.tick(1000 * waits.at(-1));
  }
  assert.deepEqual(waits, [0.5, 1, 2, 4, 8, 15, 15]);
  assert.equal(made.connections, 8);
  made.reconnect.opened();
  t.mock.timers.tick(5000);
  made.reconnect.ended("");
  assert.equal(made.states.at(-1).seconds, 0.5);
});

test("a server that takes a connection and drops it at once is not flooded", (t) => {
  const made = make(t);
  for (let second = 0; second < 60; second += 1) {
    made.reconnect.opened();
    made.reconnect.ended("");
    t.mock.timers.tick(1000);
  }
  assert.ok(made.connections < 10, String(made.connections));
});

test("the console of a node that does not run waits for its start", (t) => {
  const made = make(t, { running: false });
  assert.deepEqual([made.kind(), made.connections], ["stopped", 0]);
  made.reconnect.nodeChanged(); // it was renamed
  t.mock.timers.tick(1e6);
  assert.equal(made.connections, 0);
  made.change(true);
  assert.deepEqual([made.kind(), made.connections], ["connecting", 1]);
  made.reconnect.opened();
  made.change(false);
  made.reconnect.ended("the node is stopped");
  assert.equal(made.kind(), "stopped");
  t.mock.timers.tick(1e6);
  made.change(true);
  assert.equal(made.connections, 2);
});

test("the end of a node may be heard of after that of its console", (t) => {
  const made = make(t);
  made.reconnect.opened();
  made.reconnect.ended("the node is stopped");
  assert.equal(made.kind(), "waiting");
  made.change(false);
  assert.equal(made.kind(), "stopped");
  t.mock.timers.tick(1e6);
  assert.equal(made.connections, 1);
});

test("a console that the user has left is connected by the user", (t) => {
  const made = make(t);
  made.reconnect.opened();
  made.reconnect.ended("the client said good-bye");
  t.mock.timers.tick(1e6);
  assert.deepEqual([made.kind(), made.connections], ["left", 1]);
  made.reconnect.now();
  made.reconnect.now(); // a second press
  assert.deepEqual([made.kind(), made.connections], ["connecting", 2]);
});

test("a closed one stays closed", (t) => {
  const made = make(t);
  made.reconnect.ended("");
  made.reconnect.close();
  made.change(false);
  made.change(true);
  made.reconnect.now();
  t.mock.timers.tick(1e6);
  assert.deepEqual([made.kind(), made.connections], ["closed", 1]);
});

test("a state is told in words", () => {
  assert.equal(describeState("PC1", { kind: "stopped" }), "PC1 is not running. The console opens when it starts.");
  assert.equal(describeState("PC1", { kind: "waiting", seconds: 3.2, reason: "" }), "The connection was lost. Trying again in 4 s.");
  assert.equal(describeState("PC1", { kind: "waiting", seconds: 0.4, reason: "the client does not read" }), "The client does not read. Trying again in 1 s.");
  assert.equal(describeState("PC1", { kind: "open" }), "");
});

test("who may not use a console is told so, and it is not tried again until the user wants it", async (t) => {
  const made = make(t);
  const settle = () => new Promise((done) => { setImmediate(done); });
  let why = async () => "You may not use consoles here.";
  made.reconnect.whyRefused = () => why();
  made.reconnect.ended("");
  await settle();
  assert.deepEqual(made.states.at(-1), { kind: "refused", reason: "You may not use consoles here." });
  assert.equal(describeState("PC1", made.states.at(-1)), "You may not use consoles here.");
  t.mock.timers.tick(60_000);
  assert.equal(made.connections, 1);
  why = async () => { throw new Error("The server does not answer."); };
  made.reconnect.now();
  made.reconnect.ended("");
  await settle();
  assert.equal(made.kind(), "waiting");
  t.mock.timers.tick(1000);
  made.reconnect.opened();
  made.reconnect.ended(""); // a connection that was there is made again first
  assert.equal(made.kind(), "waiting");
});

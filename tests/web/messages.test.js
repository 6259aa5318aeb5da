import assert from "node:assert/strict";
import { test } from "node:test";

import { showConnection, tell } from "../../gns3trio/web/messages.js";
import { openDocument } from "./small_dom.js";

// Begins with no message: those of a test before are dismissed.
function openMessages(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { messages, connection } = openDocument();
  t.after(() => { for (const button of messages.all("button")) button.click(); });
  return { messages, connection, texts: () => messages.children.map((note) => note.children.slice(0, 2).map((part) => part.textContent).join("|")) };
}

test("a message passes; an error stays longer, unless it is dismissed", (t) => {
  const { messages, texts } = openMessages(t);
  tell("Imported.");
  tell("No such node.", "error");
  assert.deepEqual(texts(), ["Imported.|", "No such node.|"]);
  assert.deepEqual(messages.children.map((note) => note.className), ["message info", "message error"]);
  t.mock.timers.tick(8000);
  assert.deepEqual(texts(), ["No such node.|"]);
  t.mock.timers.tick(21_000);
  assert.deepEqual(texts(), ["No such node.|"]);
  t.mock.timers.tick(1000);
  assert.deepEqual(texts(), []);
  tell("No such node.", "error");
  messages.all("button")[0].click();
  assert.deepEqual(texts(), []);
});

test("a message stays while the mouse or the focus is on it", (t) => {
  const { messages, texts } = openMessages(t);
  tell("No such node.", "error");
  const [note] = messages.children;
  note.dispatchEvent(new Event("mouseenter"));
  t.mock.timers.tick(1e6);
  assert.deepEqual(texts(), ["No such node.|"]);
  note.dispatchEvent(new Event("mouseleave"));
  t.mock.timers.tick(30_000);
  assert.deepEqual(texts(), []);
});

test("the same message again counts on, and stays longer", (t) => {
  const { texts } = openMessages(t);
  tell("busy", "warning");
  t.mock.timers.tick(7000);
  tell("busy", "warning");
  tell("busy", "error"); // of another kind
  assert.deepEqual(texts(), ["busy|2 times", "busy|"]);
  t.mock.timers.tick(7000);
  assert.deepEqual(texts(), ["busy|2 times", "busy|"]);
  t.mock.timers.tick(1000);
  assert.deepEqual(texts(), ["busy|"]);
});

test("a message that has passed begins again at one", (t) => {
  const { texts } = openMessages(t);
  tell("once");
  t.mock.timers.tick(8000);
  tell("once");
  assert.deepEqual(texts(), ["once|"]);
});

test("the oldest makes room when there are many", (t) => {
  const { texts } = openMessages(t);
  for (let number = 1; number <= 7; number += 1) tell(`error ${number}`, "error");
  assert.deepEqual(texts(), [3, 4, 5, 6, 7].map((number) => `error ${number}|`));
});

test("whether the server answers is told", (t) => {
  const { connection } = openMessages(t);
  showConnection(false);
  assert.deepEqual([connection.className, connection.textContent], ["lost", "The server does not answer. Trying again…"]);
  showConnection(true);
  assert.deepEqual([connection.className, connection.textContent], ["live", "live"]);
});

test("that the server has a newer page is told when it answers again", async (t) => {
  const { connection } = openMessages(t);
  showConnection(true, true, async () => { throw new Error("away"); });
  showConnection(true, true, async () => false);
  await new Promise((done) => { setImmediate(done); });
  assert.equal(connection.textContent, "live");
  showConnection(true, true, async () => true);
  await new Promise((done) => { setImmediate(done); });
  assert.match(connection.textContent, /The server was updated.*Reload/);
  showConnection(false);
  assert.equal(connection.className, "lost");
  showConnection(true);
  assert.match(connection.textContent, /The server was updated/);
});

import assert from "node:assert/strict";
import test from "node:test";

import { History } from "../../../gns3trio/web/edit/history.js";
import { KeptChanges } from "../../../gns3trio/web/edit/kept_changes.js";
import { id, made, move, N1, nodeAt, P, Server, settle, Storage, xOf } from "./small_server.js";

const change = (text, fields = {}) => ({ text, redo: [{ method: "PUT", path: `${P}/nodes/n`, body: { x: 1 } }], undo: [], states: [], joins: null, at: 0, ...fields });

function storageWithAll() {
  const all = new Map();
  return { all, getItem: (key) => all.get(key) ?? null, setItem: (key, text) => all.set(key, text), removeItem: (key) => all.delete(key) };
}

const textsOf = ({ done, undone }) => [done, undone].map((list) => list.map(({ text }) => text));

test("changes are read as they were kept", () => {
  const kept = new KeptChanges(storageWithAll(), "h");
  assert.ok(kept.keep([change("a"), change("b")], [change("c")]));
  assert.deepEqual(textsOf(kept.read()), [["a", "b"], ["c"]]);
  assert.equal(kept.read().begun, null);
});

test("the oldest are dropped if they are too many or too large", () => {
  const kept = new KeptChanges(storageWithAll(), "h");
  const done = Array.from({ length: 210 }, (_, number) => change(String(number)));
  kept.keep(done, [change("undone")]);
  assert.deepEqual([done.length, done[0].text], [199, "11"]);
  const large = [change("old", { undo: [{ method: "POST", path: P, body: "x".repeat(600_000) }] }), change("new", { undo: [{ method: "POST", path: P, body: "x".repeat(600_000) }] })];
  kept.keep(large, []);
  assert.deepEqual(textsOf(kept.read()), [["new"], []]);
});

test("what does not fit does not leave older changes there, which would be wrong", () => {
  const store = storageWithAll();
  const kept = new KeptChanges(store, "h");
  kept.keep([change("a")], []);
  store.setItem = () => { throw new Error("full"); };
  assert.ok(!kept.keep([change("a"), change("b")], []));
  assert.deepEqual(textsOf(kept.read()), [[], []]);
  store.removeItem = () => { throw new Error("forbidden"); };
  assert.ok(!kept.keep([], []));
  assert.ok(!new KeptChanges(undefined, "h").keep([], []));
});

test("what is no change of a lab is not read", () => {
  const elsewhere = (path) => change("x", { redo: [{ method: "PUT", path, body: {} }] });
  for (const wrong of [5, null, {}, change(7), change("x", { undo: null }), change("x", { states: [{}] }), elsewhere("/v2/shutdown"), change("x", { redo: [{ method: "GET", path: P }] })]) {
    const store = storageWithAll();
    store.setItem("h", JSON.stringify({ done: [wrong], undone: [change("right")] }));
    assert.deepEqual(textsOf(new KeptChanges(store, "h").read()), [[], ["right"]]);
  }
  for (const text of ["{", "5", "null", "[]", '"x"']) {
    const store = storageWithAll();
    store.setItem("h", text);
    store.setItem("h begun", text);
    assert.deepEqual(new KeptChanges(store, "h").read(), { done: [], undone: [], begun: null });
  }
});

test("what was begun is there until it has ended", () => {
  const store = storageWithAll();
  const kept = new KeptChanges(store, "h");
  kept.begin("make", change("a"));
  assert.equal(new KeptChanges(store, "h").read().begun.change.text, "a");
  kept.begin("undo");
  assert.equal(new KeptChanges(store, "h").read().begun.list, "undo");
  kept.end();
  assert.equal(new KeptChanges(store, "h").read().begun, null);
  store.setItem("h begun", JSON.stringify({ list: "make", change: { text: "x" } }));
  assert.equal(new KeptChanges(store, "h").read().begun, null);
});

// --- with a history ---

const ALL = Array.from({ length: 30 }, (_, place) => place + 1);
const creation = ALL.map((number) => ({ method: "POST", path: `${P}/nodes`, body: { node_id: id(number), name: `PC${number}` } }));
const deletion = ALL.map((number) => ({ method: "DELETE", path: `${P}/nodes/${id(number)}` }));

// The page is left when the server has answered so many requests: nothing that it does afterwards happens.
function leaving(server, storage, after) {
  let left = after;
  const send = (each) => (left-- > 0 ? server.send(each) : new Promise(() => {}));
  return new History({ key: "h", send, storage });
}

test("a change that the page was left in can be undone: what was done of it", async () => {
  const [server, storage] = [new Server(), new Storage()];
  leaving(server, storage, 20).make("Paste 30 nodes", creation, deletion);
  while (server.objects.size < 20) await settle();
  const after = made(server, { storage });
  assert.match(after.interrupted, /“Paste 30 nodes” was perhaps not wholly done when this page was left\. Undo takes back/);
  await after.undo();
  assert.equal(server.objects.size, 0);
  await after.redo(); // it is a change as any other
  assert.equal(server.objects.size, 30);
  assert.equal(made(server, { storage }).interrupted, null);
});

test("an undo and a redo that the page was left in do the rest at the next time", async () => {
  const [server, storage] = [new Server(), new Storage()];
  await made(server, { storage }).make("Paste 30 nodes", creation, deletion);
  leaving(server, storage, 15).undo();
  while (server.objects.size > 20) await settle();
  const second = made(server, { storage });
  assert.match(second.interrupted, /not wholly undone.*Undo does the rest/);
  await second.undo();
  assert.equal(server.objects.size, 0);
  leaving(server, storage, 15).redo();
  while (server.objects.size < 10) await settle();
  const third = made(server, { storage });
  assert.match(third.interrupted, /not wholly redone.*Redo does the rest/);
  assert.equal(third.redoText, "Paste 30 nodes");
  await third.redo();
  assert.equal(server.objects.size, 30);
});

test("what could not be taken back because the server went away is taken back by an undo", async () => {
  const server = new Server();
  const history = made(server);
  const { send } = server;
  history.send = async (each) => {
    if (server.objects.size >= 12) throw new Error("The server does not answer.");
    return send(each);
  };
  await assert.rejects(history.make("Paste 30 nodes", creation, deletion), /does not answer.*Not all of the change could be taken back.*Undo or redo tries it again/);
  assert.equal(history.undoText, "Paste 30 nodes");
  await assert.rejects(history.undo(), /does not answer/); // still away
  assert.equal(history.undoText, "Paste 30 nodes");
  history.send = send;
  await history.undo();
  assert.equal(server.objects.size, 0);
});

test("what the server refuses of the rest is told, and what was changed before can be undone", async () => {
  const [server, storage] = [new Server(nodeAt(40)), new Storage()];
  const first = made(server, { storage });
  await move(first, 40, 5);
  leaving(server, storage, 20).make("Paste 30 nodes", creation, deletion);
  while (server.objects.size < 21) await settle();
  server.refuses = (method, path) => method === "DELETE" && path.endsWith(id(3)); // somebody has locked it
  const after = made(server, { storage });
  await assert.rejects(after.undo(), /“Paste 30 nodes” was not undone whole: .*refused/);
  assert.deepEqual([...server.objects.keys()], [`${P}/nodes/${id(40)}`, `${P}/nodes/${id(3)}`]);
  await after.undo();
  assert.equal(xOf(server, 40), 0);
});

test("what somebody else has deleted is not created again, because it was to be deleted", async () => {
  const server = new Server({ ...nodeAt(1), ...nodeAt(2) });
  const history = made(server);
  server.objects.delete(`${P}/nodes/${N1}`);
  await history.make("Delete both", deletion.slice(0, 2), creation.slice(0, 2));
  assert.equal(server.objects.size, 0);
  const other = new Server();
  const told = made(other);
  told.record("Add PC1", creation.slice(0, 1), deletion.slice(0, 1), [{ name: "PC1" }]);
  await assert.rejects(told.undo(), /PC1 was deleted meanwhile/);
  assert.equal(other.objects.size, 0);
});

test("a browser without room for changes is told once", async () => {
  const server = new Server(nodeAt(1));
  let told = 0;
  const history = new History({ key: "h", send: server.send, storage: null, onUnkept: () => { told += 1; } });
  await move(history, 1, 5);
  await history.undo();
  assert.deepEqual([told, xOf(server, 1)], [1, 0]);
});

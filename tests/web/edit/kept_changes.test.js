import assert from "node:assert/strict";
import test from "node:test";

import { KeptChanges } from "../../../gns3trio/web/edit/kept_changes.js";

const P = "/v2/projects/p";
const change = (text, fields = {}) => ({ text, redo: [{ method: "PUT", path: `${P}/nodes/n`, body: { x: 1 } }], undo: [], states: [], joins: null, at: 0, ...fields });

function storage() {
  const all = new Map();
  return { all, getItem: (key) => all.get(key) ?? null, setItem: (key, text) => all.set(key, text), removeItem: (key) => all.delete(key) };
}

const textsOf = ({ done, undone }) => [done, undone].map((list) => list.map(({ text }) => text));

test("changes are read as they were kept", () => {
  const kept = new KeptChanges(storage(), "h");
  assert.ok(kept.keep([change("a"), change("b")], [change("c")]));
  assert.deepEqual(textsOf(kept.read()), [["a", "b"], ["c"]]);
  assert.equal(kept.read().begun, null);
});

test("the oldest are dropped if they are too many or too large", () => {
  const kept = new KeptChanges(storage(), "h");
  const done = Array.from({ length: 210 }, (_, number) => change(String(number)));
  kept.keep(done, [change("undone")]);
  assert.deepEqual([done.length, done[0].text], [199, "11"]);
  const large = [change("old", { undo: [{ method: "POST", path: P, body: "x".repeat(600_000) }] }), change("new", { undo: [{ method: "POST", path: P, body: "x".repeat(600_000) }] })];
  kept.keep(large, []);
  assert.deepEqual(textsOf(kept.read()), [["new"], []]);
});

test("what does not fit does not leave older changes there, which would be wrong", () => {
  const store = storage();
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
    const store = storage();
    store.setItem("h", JSON.stringify({ done: [wrong], undone: [change("right")] }));
    assert.deepEqual(textsOf(new KeptChanges(store, "h").read()), [[], ["right"]]);
  }
  for (const text of ["{", "5", "null", "[]", '"x"']) {
    const store = storage();
    store.setItem("h", text);
    store.setItem("h begun", text);
    assert.deepEqual(new KeptChanges(store, "h").read(), { done: [], undone: [], begun: null });
  }
});

test("what was begun is there until it has ended", () => {
  const store = storage();
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

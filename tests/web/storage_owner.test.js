import assert from "node:assert/strict";
import test from "node:test";

import { claimStorage, forgetAll, hasDrafts } from "../../gns3trio/web/storage_owner.js";

class Storage {
  all = new Map();
  get length() { return this.all.size; }
  key(place) { return [...this.all.keys()][place]; }
  getItem(key) { return this.all.get(key) ?? null; }
  setItem(key, text) { this.all.set(key, text); }
  removeItem(key) { this.all.delete(key); }
}

// Both storages of a browser, with what a user leaves there.
function withThings(t) {
  const before = [globalThis.localStorage, globalThis.sessionStorage];
  t.after(() => { [globalThis.localStorage, globalThis.sessionStorage] = before; });
  const made = [new Storage(), new Storage()];
  for (const [place, name] of ["localStorage", "sessionStorage"].entries()) Object.defineProperty(globalThis, name, { value: made[place], configurable: true, writable: true });
  claimStorage("ann");
  localStorage.setItem("gns3trio.copied", "nodes");
  localStorage.setItem("gns3trio.drawer.height", "300");
  localStorage.setItem("recent server of another page", "x");
  for (const name of ["changes.p", "drafts.p", "drawer.p"]) sessionStorage.setItem(`gns3trio.${name}`, "[]");
}

const kept = () => [localStorage, sessionStorage].flatMap(({ all }) => Array.from(all.keys())).filter((key) => !key.startsWith("gns3trio owner"));

test("who logs in again finds the own things", (t) => {
  withThings(t);
  claimStorage("ann");
  assert.equal(kept().length, 6);
  assert.ok(hasDrafts());
});

test("another user finds nothing of them, and other pages keep theirs", (t) => {
  withThings(t);
  claimStorage("bob");
  assert.deepEqual(kept(), ["gns3trio.drawer.height", "recent server of another page"]);
  claimStorage("ann");
  assert.equal(kept().length, 2);
  assert.ok(!hasDrafts());
});

test("a log-out takes all with it", (t) => {
  withThings(t);
  forgetAll();
  assert.deepEqual(kept(), ["gns3trio.drawer.height", "recent server of another page"]);
});

test("a browser without storage, or with a full one, has nothing of anybody", (t) => {
  withThings(t);
  Object.defineProperty(globalThis, "localStorage", { get() { throw new Error("forbidden"); }, configurable: true });
  sessionStorage.setItem = () => { throw new Error("full"); };
  claimStorage("bob");
  assert.equal([...sessionStorage.all.keys()].length, 0);
  Object.defineProperty(globalThis, "localStorage", { value: undefined, configurable: true, writable: true });
});

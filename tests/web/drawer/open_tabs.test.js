import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { readTabs, storeTabs } from "../../../gns3trio/web/drawer/open_tabs.js";

const stored = new Map();

beforeEach(() => {
  stored.clear();
  globalThis.sessionStorage = { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value) };
});

test("the tabs of each lab are kept apart", () => {
  const tabs = { tabs: [["console", "n1"], ["packets", "l1"]], chosen: "console n1", beside: ["console n1", "packets l1"] };
  storeTabs("lab 1", tabs);
  assert.deepEqual(readTabs("lab 1"), tabs);
  assert.equal(readTabs("lab 2"), null);
});

test("what cannot be used is left out", () => {
  for (const text of ["", "null", "7", "{", "{\"tabs\":3}"]) {
    stored.set("gns3trio.drawer.lab", text);
    assert.equal(readTabs("lab"), null, text);
  }
  stored.set("gns3trio.drawer.lab", JSON.stringify({ tabs: [["console", 3], "x", ["console", "n"]], beside: [4, "console n"] }));
  assert.deepEqual(readTabs("lab"), { tabs: [["console", "n"]], chosen: "undefined", beside: ["console n"] });
});

test("a browser that forbids storage is no reason to stop", () => {
  globalThis.sessionStorage = { getItem: () => { throw new Error("forbidden"); }, setItem: () => { throw new Error("forbidden"); } };
  storeTabs("lab", { tabs: [] });
  assert.equal(readTabs("lab"), null);
});

import assert from "node:assert/strict";
import test from "node:test";

import { Drafts } from "../../../gns3trio/web/properties/drafts.js";

function storage(refuses = false) {
  const all = new Map();
  return {
    all,
    getItem: (key) => all.get(key) ?? null,
    setItem(key, text) {
      if (refuses) throw new Error("full");
      all.set(key, text);
    },
    removeItem: (key) => all.delete(key),
  };
}

test("what was typed is kept over a reload, and forgotten when it is saved", () => {
  const kept = storage();
  const drafts = new Drafts(kept, "lab");
  drafts.keep("node", { ram: 5 });
  assert.deepEqual(new Drafts(kept, "lab").get("node"), { ram: 5 });
  assert.equal(new Drafts(kept, "other").get("node"), null);
  drafts.keep("node", {});
  assert.equal(kept.all.size, 0);
});

test("there are few drafts, the newest", () => {
  const drafts = new Drafts(storage(), "lab");
  for (let number = 0; number < 60; number += 1) drafts.keep(`node${number}`, { ram: number });
  assert.equal(drafts.get("node9"), null);
  assert.deepEqual(drafts.get("node59"), { ram: 59 });
});

test("a storage that is full, or has something else, does no harm", () => {
  const full = new Drafts(storage(true), "lab");
  full.keep("node", { ram: 5 });
  assert.deepEqual(full.get("node"), { ram: 5 });
  for (const text of ["{", "{}", "[1]", "null"]) {
    const odd = storage();
    odd.all.set("gns3trio.drafts.lab", text);
    assert.equal(new Drafts(odd, "lab").get("node"), null);
  }
});

test("of drafts that are too large together the newest are kept, and none that was changed since", () => {
  const kept = storage();
  const drafts = new Drafts(kept, "lab");
  drafts.keep("a", { script: "x".repeat(300_000) });
  drafts.keep("b", { script: "y".repeat(300_000) });
  assert.deepEqual([new Drafts(kept, "lab").get("a"), new Drafts(kept, "lab").get("b").script.length], [null, 300_000]);
  assert.equal(drafts.get("a").script.length, 300_000); // until the page is left
  drafts.keep("b", { script: "z".repeat(600_000) });
  assert.equal(new Drafts(kept, "lab").get("b"), null); // not what was typed before
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { MOST_BESIDE, TabState } from "../../../gns3trio/web/drawer/tab_state.js";

function withTabs(...ids) {
  const state = new TabState();
  for (const id of ids) state.add(id);
  return state;
}

test("the newest tab is shown, or that which was chosen", () => {
  const state = withTabs("a", "b");
  assert.deepEqual([state.chosen, state.shown], ["b", ["b"]]);
  state.choose("a");
  assert.deepEqual(state.shown, ["a"]);
  assert.deepEqual(new TabState().shown, []);
});

test("the tab that takes the place of a closed one is shown", () => {
  const state = withTabs("a", "b", "c");
  state.choose("b");
  state.remove("b");
  assert.deepEqual([state.chosen, state.ids], ["c", ["a", "c"]]);
  state.remove("c");
  assert.equal(state.chosen, "a");
  state.remove("a");
  assert.deepEqual([state.chosen, state.shown], [null, []]);
  state.remove("a"); // is none any more
});

test("tabs are shown side by side, as many as have room", () => {
  const state = withTabs(..."abcdefgh");
  state.toggleSplit();
  assert.equal(state.shown.length, MOST_BESIDE);
  assert.ok(state.shown.includes("h"));
  state.toggleSplit();
  assert.deepEqual(state.shown, ["h"]);
  const one = withTabs("a");
  one.toggleSplit();
  assert.equal(one.split, false);
});

test("a tab is added to those side by side, and taken away", () => {
  const state = withTabs("a", "b", "c");
  state.toggleBeside("c"); // it is shown already
  assert.equal(state.split, false);
  state.toggleBeside("a");
  assert.deepEqual([state.shown, state.chosen], [["a", "c"], "a"]);
  state.choose("b");
  assert.deepEqual(state.shown, ["a", "b", "c"]);
  state.toggleBeside("b");
  assert.deepEqual([state.shown, state.chosen], [["a", "c"], "a"]);
  state.toggleBeside("c");
  assert.deepEqual([state.split, state.shown], [false, ["a"]]);
});

test("one more than have room takes the place of the chosen one", () => {
  const state = withTabs(..."abcdefg");
  state.toggleSplit();
  state.choose("f");
  state.choose("a");
  const { shown } = state;
  assert.deepEqual([shown.length, shown.includes("a"), state.chosen], [MOST_BESIDE, true, "a"]);
});

test("what is closed leaves those side by side", () => {
  const state = withTabs("a", "b", "c");
  state.toggleSplit();
  state.remove("c");
  assert.deepEqual([state.shown, state.split], [["a", "b"], true]);
  state.remove("a");
  assert.deepEqual([state.shown, state.split], [["b"], false]);
});

test("arrow keys, Home and End lead from tab to tab", () => {
  const state = withTabs("a", "b", "c");
  const steps = [["a", "ArrowRight", "b"], ["c", "ArrowRight", "a"], ["a", "ArrowLeft", "c"], ["b", "Home", "a"], ["b", "End", "c"], ["b", "x", undefined], ["z", "Home", undefined]];
  for (const [from, key, to] of steps) assert.equal(state.after(from, key), to, `${from} ${key}`);
});

test("what was shown before is shown again, as far as it is there", () => {
  const state = withTabs("a", "b", "c");
  state.showAgain({ chosen: "a", beside: ["a", "b", "gone"] });
  assert.deepEqual([state.chosen, state.shown], ["a", ["a", "b"]]);
  state.showAgain({ chosen: "gone", beside: ["gone", "b"] });
  assert.deepEqual([state.chosen, state.shown], ["a", ["a"]]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { Selection } from "../../../gns3trio/web/edit/selection.js";

function noted() {
  const changes = [];
  return { selection: new Selection((changed) => changes.push([...changed].toSorted())), changes };
}

test("only what has changed is told, and that something was selected again", () => {
  const { selection, changes } = noted();
  selection.replace(["a", "b"]);
  selection.replace(["b", "c"]);
  selection.replace(["c", "b"]);
  assert.deepEqual(changes, [["a", "b"], ["a", "c"], []]);
  assert.deepEqual([...selection], ["c", "b"]);
});

test("the first of several is the one that was selected first", () => {
  const { selection } = noted();
  assert.equal(selection.first, null);
  selection.toggle("b");
  selection.toggle("a");
  assert.equal(selection.first, "b");
  selection.toggle("b");
  assert.deepEqual([selection.first, selection.size, selection.has("b")], ["a", 1, false]);
});

test("what does not exist any more is dropped", () => {
  const { selection, changes } = noted();
  selection.replace(["a", "b", "c"]);
  assert.ok(!selection.prune(() => true));
  assert.ok(selection.prune((id) => id !== "b"));
  assert.deepEqual([...selection], ["a", "c"]);
  assert.deepEqual(changes.slice(1), [["b"]]);
});

test("a selection is led only until it changes", () => {
  const { selection } = noted();
  selection.replace(["a", "b"], { isLed: true });
  assert.ok(selection.isLed);
  selection.add(["c"]);
  assert.ok(!selection.isLed);
  selection.clear();
  assert.equal(selection.size, 0);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { Broadcast, isTyped } from "../../../gns3trio/web/drawer/broadcast.js";

test("what is typed into one of the chosen consoles goes to all of them", () => {
  const broadcast = new Broadcast();
  assert.deepEqual(broadcast.targets("a", "x"), ["a"]);
  broadcast.toggle("a");
  assert.deepEqual([broadcast.isOn, broadcast.targets("a", "x")], [false, ["a"]]);
  broadcast.toggle("b");
  assert.deepEqual(broadcast.targets("a", "show ip\r"), ["a", "b"]);
  assert.deepEqual(broadcast.targets("c", "x"), ["c"]); // not one of them
  broadcast.toggle("b");
  assert.deepEqual(broadcast.targets("a", "x"), ["a"]);
});

test("what a terminal answers to its node goes to no other", () => {
  const broadcast = new Broadcast();
  broadcast.members = new Set(["a", "b"]);
  const answers = ["\x1b[?1;2c", "\x1b[>0;276;0c", "\x1b[0n", "\x1b[24;80R", "\x1b[?24;80R", "\x1b[?2004;1$y", "\x1b[8;24;80t",
    "\x1bP1$r0m\x1b\\", "\x1b]11;rgb:0000/0000/0000\x1b\\", "\x1b[I", "\x1b[O", "\x1b[<0;3;4M", "\x1b[<0;3;4m", "\x1b[M !!"];
  for (const answer of answers) assert.deepEqual(broadcast.targets("a", answer), ["a"], JSON.stringify(answer));
});

test("keys and what is pasted are typed", () => {
  for (const keys of ["a", "ä", "\r", "\x03", "\x1b", "\x1b[A", "\x1bOP", "\x1b[1;5C", "\x1b[3~", "\x1b[200~text\x1b[201~", "\x1bb", "\x7f"]) {
    assert.equal(isTyped(keys), true, JSON.stringify(keys));
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { newOutput, withEnd } from "../../../gns3trio/web/drawer/replay.js";

const bytes = (text) => new TextEncoder().encode(text);
const fresh = (end, replay) => new TextDecoder().decode(newOutput(bytes(end), bytes(replay)));

test("the end of the output is kept, as much as a server repeats", () => {
  assert.equal(new TextDecoder().decode(withEnd(bytes("ab"), bytes("cd"))), "abcd");
  const end = withEnd(withEnd(bytes("x"), new Uint8Array(4000).fill(65)), new Uint8Array(200).fill(66));
  assert.deepEqual([end.length, end[0], end.at(-1)], [4096, 65, 66]);
  assert.equal(withEnd(end, new Uint8Array(10_000).fill(67)).length, 4096);
});

test("of what is repeated, only the prompt is shown again", () => {
  assert.equal(fresh("old\r\nPC1> show ip\r\n10.0.0.1\r\nPC1> ", "PC1> show ip\r\n10.0.0.1\r\nPC1> "), "PC1> ");
});

test("what was printed meanwhile is shown from the beginning of its line", () => {
  assert.equal(fresh("one\r\ntwo\r\nthr", "two\r\nthree\r\nfour\r\n"), "three\r\nfour\r\n");
});

test("what has nothing in common with the end is all new", () => {
  assert.equal(fresh("one\r\n", "nine\r\nten\r\n"), "nine\r\nten\r\n");
  assert.equal(fresh("", "ten"), "ten");
  assert.equal(fresh("ten", ""), "");
});

test("repeated letters cost no more than others", () => {
  const [end, replay] = [new Uint8Array(4096).fill(65), Uint8Array.from({ length: 4096 }, (_, at) => (at === 4095 ? 66 : 65))];
  assert.equal(newOutput(end, replay).length, 4096);
});

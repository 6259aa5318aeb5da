import assert from "node:assert/strict";
import { test } from "node:test";

import { OutputQueue } from "../../../gns3trio/web/drawer/output_queue.js";

// A terminal that shows the next piece when it is told to.
function make(most) {
  const made = { shown: [], done: [] };
  made.queue = new OutputQueue((bytes, done) => {
    made.shown.push(new TextDecoder().decode(bytes));
    made.done.push(done);
  }, most);
  made.showAll = () => {
    while (made.done.length) made.done.shift()();
  };
  return made;
}

const bytes = (text) => new TextEncoder().encode(text);
const WRITTEN = 1 << 17; // so much waits in the terminal

test("output is shown in order", () => {
  const { queue, shown } = make(100);
  for (const text of ["a", "b", "c"]) queue.push(bytes(text));
  assert.deepEqual(shown, ["a", "b", "c"]);
});

test("a long message is shown in pieces, few of which wait in the terminal", () => {
  const made = make(1 << 20);
  made.queue.push(new Uint8Array(500_000).fill(65));
  assert.equal(made.shown.join("").length, WRITTEN);
  made.showAll();
  assert.ok(made.shown.every((piece) => piece.length <= 8192));
  assert.equal(made.shown.join("").length, 500_000);
});

test("of a node that prints too fast, the newest is shown, and what is missing is told", () => {
  const made = make(10);
  for (let filled = 0; filled < WRITTEN; filled += 8) made.queue.push(bytes("........"));
  for (let number = 0; number < 1000; number += 1) {
    made.queue.push(bytes(`${String(number).padStart(4, "0")};`));
    assert.ok(made.queue.size <= 10);
  }
  const before = made.shown.length;
  made.showAll();
  const [notice, ...rest] = made.shown.slice(before);
  assert.equal(notice[0], "\x18");
  assert.match(notice, /5 KiB were left out/);
  assert.equal(rest.join(""), "0998;0999;".slice(-rest.join("").length));
  assert.ok(rest.join("").endsWith("0999;"));
});

// With time that grows as the square, this takes minutes, and who runs this gives up.
test("single bytes without end cost no more than others", () => {
  const queue = new OutputQueue(() => {});
  const byte = Uint8Array.of(65);
  for (let number = 0; number < 2_000_000; number += 1) queue.push(byte);
  assert.ok(queue.size <= 1 << 20 && queue.waiting.length <= 2 * (1 << 20));
  assert.equal(queue.size + queue.leftOut + (1 << 17), 2_000_000);
});

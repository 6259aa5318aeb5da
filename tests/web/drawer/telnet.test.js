import assert from "node:assert/strict";
import { test } from "node:test";

import { TelnetReader } from "../../../gns3trio/web/drawer/telnet.js";

const GREETING = [255, 251, 1, 255, 253, 3]; // WILL ECHO, DO SUPPRESS-GO-AHEAD
const PARAMETER = [255, 250, 24, 1, 255, 255, 65, 255, 240];
const OUTPUT = [...GREETING, 80, 67, ...PARAMETER, 49, 255, 255, 255, 241, 62];
const SHOWN = [80, 67, 49, 255, 62];

test("commands are left out, and an escaped byte is one", () => {
  assert.deepEqual([...new TelnetReader().receive(Uint8Array.from(OUTPUT))], SHOWN);
});

test("commands may come in pieces of any size", () => {
  for (let size = 1; size < OUTPUT.length; size += 1) {
    const reader = new TelnetReader();
    const shown = [];
    for (let at = 0; at < OUTPUT.length; at += size) shown.push(...reader.receive(Uint8Array.from(OUTPUT.slice(at, at + size))));
    assert.deepEqual(shown, SHOWN, `in pieces of ${size}`);
  }
});

test("a parameter without an end hides no more than what follows it, and takes no memory", () => {
  const reader = new TelnetReader();
  assert.equal(reader.receive(Uint8Array.of(255, 250, 1)).length, 0);
  assert.equal(reader.receive(new Uint8Array(1 << 20).fill(66)).length, 0);
  assert.deepEqual([...reader.receive(Uint8Array.of(255, 240, 67))], [67]);
});

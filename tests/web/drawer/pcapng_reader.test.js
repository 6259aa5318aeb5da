import assert from "node:assert/strict";
import { test } from "node:test";

import { PcapngReader } from "../../../gns3trio/web/drawer/pcapng_reader.js";

function words(...numbers) {
  const view = new DataView(new ArrayBuffer(4 * numbers.length));
  for (const [place, number] of numbers.entries()) view.setUint32(4 * place, number, true);
  return [...new Uint8Array(view.buffer)];
}

function block(type, body) {
  const filled = body.concat(Array.from({ length: (4 - (body.length % 4)) % 4 }, () => 0));
  const length = 12 + filled.length;
  return [words(type, length), filled, words(length)].flat();
}

const SECTION = block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff));
const named = (name) => [2, 0, name.length, 0, ...new TextEncoder().encode(name.padEnd(Math.ceil(name.length / 4) * 4, "\0"))];
const interfaceOf = (name) => block(1, [...words(1, 2048), ...named(name), 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
function packet(number, seconds, bytes, length = bytes.length) {
  const time = BigInt(Math.round(seconds * 1e9));
  return block(6, [...words(number, Number(time >> 32n), Number(time & 0xffffffffn), bytes.length, length), ...bytes]);
}
const STREAM = [SECTION, interfaceOf("PC1_0-0"), interfaceOf("PC2_0-0"), packet(0, 10.5, [1, 2, 3]), block(5, words(0, 0, 0)), packet(1, 11, [4], 1500)].flat();
const READ = [
  { time: 10.5, length: 3, bytes: Uint8Array.of(1, 2, 3), interface: 0 },
  { time: 11, length: 1500, bytes: Uint8Array.of(4), interface: 1 },
];

test("packets come with their interface, in pieces of any size", () => {
  for (let size = 1; size <= STREAM.length; size += 7) {
    const reader = new PcapngReader();
    const read = [];
    for (let at = 0; at < STREAM.length; at += size) read.push(...reader.receive(Uint8Array.from(STREAM.slice(at, at + size))));
    assert.deepEqual(read, READ, `in pieces of ${size}`);
    assert.deepEqual(reader.interfaces.map(({ name }) => name), ["PC1_0-0", "PC2_0-0"]);
  }
});

test("what is no capture is refused, and no length is believed", () => {
  assert.throws(() => new PcapngReader().receive(new TextEncoder().encode("<html>this is not a capture</html>")), /not a capture/);
  assert.throws(() => new PcapngReader().receive(Uint8Array.from([...SECTION, ...words(6, 0xfffffff0, 0)])), /not a capture/);
  const lying = packet(0, 1, [1, 2, 3]);
  lying.splice(20, 4, ...words(4000)); // of captured bytes
  assert.equal(new PcapngReader().receive(Uint8Array.from([...SECTION, ...lying]))[0].bytes.length <= 4, true);
});

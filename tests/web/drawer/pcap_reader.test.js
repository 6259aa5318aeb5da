import assert from "node:assert/strict";
import test from "node:test";

import { PcapReader } from "../../../gns3trio/web/drawer/pcap_reader.js";

// A capture with these packets, each [seconds, fraction, bytes], cut off after `snap` bytes.
function capture(packets, { magic = 0xa1b2c3d4, little = true, snap = 65535 } = {}) {
  const bytes = [];
  const number = (value) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, value, little);
    bytes.push(...new Uint8Array(view.buffer));
  };
  [magic, 0x00040002, 0, 0, snap, 1].forEach(number);
  for (const [seconds, fraction, content] of packets) {
    const kept = content.slice(0, snap);
    [seconds, fraction, kept.length, content.length].forEach(number);
    bytes.push(...kept);
  }
  return Uint8Array.from(bytes);
}

const PACKETS = [[10, 500_000, [1, 2, 3]], [11, 0, []], [12, 250_000, [4, 5]]];
const READ = [
  { time: 10.5, length: 3, bytes: Uint8Array.of(1, 2, 3) },
  { time: 11, length: 0, bytes: Uint8Array.of() },
  { time: 12.25, length: 2, bytes: Uint8Array.of(4, 5) },
];

test("a capture that comes at once", () => assert.deepEqual(new PcapReader().receive(capture(PACKETS)), READ));

test("a capture that comes in pieces of any size", () => {
  const bytes = capture(PACKETS);
  for (let size = 1; size < bytes.length; size += 1) {
    const reader = new PcapReader();
    const read = [];
    for (let at = 0; at < bytes.length; at += size) read.push(...reader.receive(bytes.slice(at, at + size)));
    assert.deepEqual(read, READ, `in pieces of ${size}`);
  }
});

test("a packet comes as soon as its last byte", () => {
  const bytes = capture(PACKETS.slice(0, 1));
  const reader = new PcapReader();
  assert.deepEqual(reader.receive(bytes.slice(0, -1)), []);
  assert.deepEqual(reader.receive(bytes.slice(-1)), READ.slice(0, 1));
});

test("both orders of bytes, and nanoseconds", () => {
  assert.deepEqual(new PcapReader().receive(capture(PACKETS, { little: false })), READ);
  const [packet] = new PcapReader().receive(capture([[10, 500_000_000, [1]]], { magic: 0xa1b23c4d }));
  assert.equal(packet.time, 10.5);
});

test("a packet that was cut off tells its length on the wire", () => {
  const [packet] = new PcapReader().receive(capture([[1, 0, [1, 2, 3, 4]]], { snap: 2 }));
  assert.deepEqual([packet.length, [...packet.bytes]], [4, [1, 2]]);
});

test("what is no capture is refused", () => {
  assert.throws(() => new PcapReader().receive(new TextEncoder().encode("<html>this is not a capture</html>")), /not a capture/);
});

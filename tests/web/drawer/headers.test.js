import assert from "node:assert/strict";
import { test } from "node:test";

import { headersOf, number16, number32 } from "../../../gns3trio/web/drawer/headers.js";

const bytes = (...parts) => Uint8Array.from(parts.join("").replaceAll(" ", "").match(/../g).map((pair) => parseInt(pair, 16)));
const MACS = "0050 7966 6801 0050 7966 6800";
const kinds = (frame) => headersOf(frame).map(({ kind, at, end }) => `${kind} ${at}-${end}`);

test("numbers are big-endian", () => assert.deepEqual([number16(bytes("0102"), 0), number32(bytes("ff000001"), 0)], [258, 0xff000001]));

test("headers follow each other, and the filling after a short packet is told from its data", () => {
  const udp = bytes(MACS, "8100 0064 0800", "4500 001e 0000 0000 4011 0000 0a00 0001 0a00 0002", "04d2 0007 000a 0000 4141", "0000 0000 0000 0000");
  assert.deepEqual(kinds(udp), ["ethernet 0-14", "vlan 14-18", "ipv4 18-38", "udp 38-46", "data 46-48", "padding 48-56"]);
});

test("extensions of IPv6 are passed over", () => {
  const frame = bytes(MACS, "86dd", "6000 0000 0010 00ff", "00".repeat(32), "3a00 0502 0000 0100", "8f00 0000 0000 0000");
  assert.deepEqual(kinds(frame), ["ethernet 0-14", "ipv6 14-54", "extension 54-62", "icmpv6 62-70"]);
});

test("a header of which a part is missing is cut", () => {
  assert.deepEqual(headersOf(bytes(MACS, "0800 4500")).at(-1), { kind: "cut", of: "ipv4", at: 14, end: 16 });
  assert.deepEqual(headersOf(new Uint8Array()), [{ kind: "cut", of: "ethernet", at: 0, end: 0 }]);
});

test("a chain of tags ends", () => {
  assert.ok(headersOf(bytes(MACS, "8100 0001".repeat(1000))).length <= 34);
});

test("what claims another length than it has is read as far as it is there", () => {
  for (const ip of ["4f00 ffff", "4000 0000", "4500 0014", "4500 0001"]) {
    const frame = bytes(MACS, "0800", ip, "0000 0000 4006 0000 0a00 0001 0a00 0002 c000 0050 0000 0000 0000 0000 f000");
    for (const { at, end } of headersOf(frame)) assert.ok(at <= end && end <= frame.length, `${ip}: ${at}-${end}`);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { hexLines, layersOf } from "../../../gns3trio/web/drawer/packet_details.js";

const bytes = (...parts) => Uint8Array.from(parts.join("").replaceAll(" ", "").match(/../g).map((pair) => parseInt(pair, 16)));
const MACS = "0050 7966 6801 0050 7966 6800";
const PING = bytes(MACS, "8100 2064 0800", "4500 0020 abcd 4000 4001 1234 0a00 0001 0a00 0002", "0800 0000 1234 0014 4142 4344");

const told = (frame) => Object.fromEntries(layersOf(frame).map(({ title, fields }) => [title, Object.fromEntries(fields)]));

test("each layer has its fields and its place", () => {
  assert.deepEqual(layersOf(PING).map(({ title, at, end }) => `${title} ${at}-${end}`), ["Ethernet 0-14", "VLAN tag 14-18", "IPv4 18-38", "ICMP 38-46", "Data 46-50"]);
  const { "VLAN tag": vlan, IPv4: ip, ICMP: icmp } = told(PING);
  assert.deepEqual([vlan.VLAN, vlan.Priority, vlan.Type], [100, 1, "0x0800 (IPv4)"]);
  assert.deepEqual([ip.Source, ip.Protocol, ip["Time to live"], ip.Flags, ip.Identification], ["10.0.0.1", "1 (ICMP)", 64, "don't fragment", "0xabcd"]);
  assert.deepEqual([icmp.Type, icmp.Sequence], ["8 (echo request)", 20]);
});

test("TCP, UDP and IPv6 have theirs", () => {
  const tcp = bytes(MACS, "86dd", "6000 0000 0014 0640", "00".repeat(15), "01", "00".repeat(15), "02", "c000 0050 8000 0001 0000 0002 5012 ffff abcd 0000");
  const { IPv6: ip, TCP: fields } = told(tcp);
  assert.deepEqual([ip.Source, ip["Next header"], ip["Hop limit"]], ["::1", "6 (TCP)", 64]);
  assert.deepEqual([fields["Destination port"], fields.Sequence, fields.Flags], [80, 2147483649, "SYN ACK"]);
});

test("a frame may end anywhere", () => {
  for (let length = 0; length <= PING.length; length += 1) {
    for (const { at, end, fields } of layersOf(PING.slice(0, length))) {
      assert.ok(at <= end && end <= length);
      assert.ok(fields.every(([, text]) => !/NaN|undefined/.test(String(text))), `${length}: ${fields}`);
    }
  }
  assert.equal(layersOf(PING.slice(0, 20)).at(-1).title, "IPv4 (incomplete)");
});

test("bytes are shown sixteen in a line, and what is no character as a dot", () => {
  assert.deepEqual(hexLines(bytes("41".repeat(16), "00 7e")), [{ at: "0000", hex: Array(16).fill("41"), text: "A".repeat(16) }, { at: "0010", hex: ["00", "7e"], text: ".~" }]);
});

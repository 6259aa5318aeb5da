import assert from "node:assert/strict";
import test from "node:test";

import { dissect as dissectAll } from "../../../gns3trio/web/drawer/dissect.js";

// What the list of packets shows.
function dissect(frame) {
  const { source, destination, protocol, what } = dissectAll(frame);
  return { source, destination, protocol, what };
}

const bytes = (...parts) => Uint8Array.from(parts.join("").replaceAll(" ", "").match(/../g).map((pair) => parseInt(pair, 16)));
const MACS = "0050 7966 6801 0050 7966 6800";
const ip4 = (protocol, data, options = "") =>
  bytes(MACS, "0800", `4${(5 + options.length / 8).toString(16)}00 0054 0000 0000 40`, protocol, "0000 0a00 0001 0a00 0002", options, data);
const ip6 = (next, data, source = "fe80 0000 0000 0000 0250 79ff fe66 6800") =>
  bytes(MACS, "86dd 6000 0000 0020", next, "ff", source, "ff02 0000 0000 0000 0000 0001 ff00 0002", data);

test("ARP asks and answers", () => {
  const body = "0001 0800 0604 000X 0050 7966 6800 0a00 0001 0000 0000 0000 0a00 0002";
  const asked = dissect(bytes(MACS, "0806", body.replace("X", "1")));
  assert.deepEqual(asked, { source: "00:50:79:66:68:00", destination: "00:50:79:66:68:01", protocol: "ARP", what: "who has 10.0.0.2? tell 10.0.0.1" });
  assert.equal(dissect(bytes(MACS, "0806", body.replace("X", "2"))).what, "10.0.0.1 is at 00:50:79:66:68:00");
});

test("pings of IPv4 tell their number", () => {
  assert.deepEqual(dissect(ip4("01", "0800 0000 1234 0014")), { source: "10.0.0.1", destination: "10.0.0.2", protocol: "ICMP", what: "echo request 20" });
  assert.equal(dissect(ip4("01", "0000 0000 1234 0100")).what, "echo reply 256");
  assert.equal(dissect(ip4("01", "0300 0000 0000 0000")).what, "unreachable");
  assert.equal(dissect(ip4("01", "2a00")).what, "type 42");
});

test("options of IPv4 are passed over", () => {
  assert.equal(dissect(ip4("11", "04d2 0035", "01010101")).what, "1234 → 53");
});

test("TCP and UDP tell their ports, others their number", () => {
  assert.deepEqual([dissect(ip4("06", "c000 0050")).protocol, dissect(ip4("06", "c000 0050")).what], ["TCP", "49152 → 80"]);
  assert.equal(dissect(ip4("59", "0000")).protocol, "OSPF");
  assert.equal(dissect(ip4("fd", "0000")).protocol, "IP 253");
});

test("filters get the ports and the VLANs", () => {
  const { ports, vlans } = dissectAll(bytes(MACS, "8100 0064", ip4("11", "04d2 0035 0010 0000").slice(12).reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "")));
  assert.deepEqual([ports, vlans], [[1234, 53], [100]]);
});

test("TCP tells its flags", () => assert.equal(dissect(ip4("06", "c000 0050 0000 0001 0000 0000 5012 ffff 0000 0000")).what, "49152 → 80 SYN ACK"));

test("a later fragment has no ports", () => {
  const frame = ip4("11", "04d2 0035 0010 0000");
  frame[20] = 0x00;
  frame[21] = 0xb9; // 185 * 8
  assert.deepEqual([dissect(frame).protocol, dissect(frame).what], ["UDP", "fragment at 1480"]);
});

test("IPv6 addresses are short, and neighbours are asked for", () => {
  const found = dissect(ip6("3a", "8700 0000 0000 0000"));
  assert.deepEqual(found, { source: "fe80::250:79ff:fe66:6800", destination: "ff02::1:ff00:2", protocol: "ICMPv6", what: "neighbour solicitation" });
  assert.equal(dissect(ip6("3a", "8000 0000 0000 0007")).what, "echo request 7");
});

test("an IPv6 address leaves out its longest run of zeros", () => {
  for (const [address, shown] of [
    ["0000 0000 0000 0000 0000 0000 0000 0000", "::"],
    ["0000 0000 0000 0000 0000 0000 0000 0001", "::1"],
    ["2001 0db8 0000 0000 0000 0000 0000 0000", "2001:db8::"],
    ["2001 0db8 0000 0001 0000 0000 0000 0001", "2001:db8:0:1::1"],
    ["2001 0000 0000 0010 0000 0000 0000 0a00", "2001:0:0:10::a00"],
    ["0001 0002 0003 0000 0005 0006 0007 0008", "1:2:3:0:5:6:7:8"],
  ]) assert.equal(dissect(ip6("11", "0001 0002", address)).source, shown);
});

test("tags are told, one or two", () => {
  const inner = "0800 4500 0054 0000 0000 4001 0000 0a00 0001 0a00 0002 0800 0000 0000 0001";
  assert.equal(dissect(bytes(MACS, "8100 2064", inner)).what, "VLAN 100 echo request 1");
  assert.equal(dissect(bytes(MACS, "88a8 0064 8100 0fff", inner)).what, "VLAN 100 VLAN 4095 echo request 1");
});

test("other frames tell their type", () => {
  assert.equal(dissect(bytes(MACS, "88cc 0207")).protocol, "0x88cc");
  assert.equal(dissect(bytes(MACS, "0026 4242 03")).protocol, "802.3");
});

test("frames that end too soon are no reason to stop", () => {
  for (const frame of [ip4("01", "0800 0000 1234 0014"), ip6("3a", "8000 0000 0000 0007"), bytes(MACS, "8100 2064 0800")]) {
    for (let length = 0; length <= frame.length; length += 1) assert.equal(typeof dissect(frame.slice(0, length)).protocol, "string");
  }
});

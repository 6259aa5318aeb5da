// All that is known of one packet: its layers with their fields, and where each is in the bytes.

import { ip4, ip6, mac } from "./addresses.js";
import { dhcpOptions, dhcpType, dnsQuestion, plain } from "./applications.js";
import { headersOf, number16, number32 } from "./headers.js";
import { DHCP, ETHERTYPES, ICMP, ICMP6, PROTOCOLS, tcpFlags } from "./packet_names.js";

const hex = (number, digits) => `0x${number.toString(16).padStart(digits, "0")}`;
const named = (number, names) => (names.has(number) ? `${number} (${names.get(number)})` : String(number));

// [{title, at, end, fields: [[name, text]]}]
export function layersOf(frame) {
  return headersOf(frame).map(({ kind, of, at, end }) => {
    if (kind === "cut") return { title: `${TITLES[of]} (incomplete)`, at, end, fields: [] };
    return { title: TITLES[kind], at, end, fields: FIELDS[kind]?.(frame, at, end) ?? [["Length", `${end - at} bytes`]] };
  });
}

const TITLES = {
  ethernet: "Ethernet", vlan: "VLAN tag", arp: "ARP", ipv4: "IPv4", ipv6: "IPv6", extension: "IPv6 extension", fragment: "IPv6 fragment",
  icmp: "ICMP", icmpv6: "ICMPv6", tcp: "TCP", udp: "UDP", dhcp: "DHCP", dns: "DNS", data: "Data", padding: "Padding",
};
const FLAGS = ["more fragments", "don't fragment"];

const typeOf = (frame, at) => {
  const type = number16(frame, at);
  return type < 1536 ? `length ${type}` : `${hex(type, 4)}${ETHERTYPES.has(type) ? ` (${ETHERTYPES.get(type)})` : ""}`;
};

const FIELDS = {
  __proto__: null,
  ethernet: (frame) => [["Destination", mac(frame.slice(0, 6))], ["Source", mac(frame.slice(6, 12))], ["Type", typeOf(frame, 12)]],
  vlan: (frame, at) => [["VLAN", number16(frame, at) & 0xfff], ["Priority", frame[at] >> 5], ["Type", typeOf(frame, at + 2)]],
  arp: (frame, at) => [
    ["Operation", named(number16(frame, at + 6), new Map([[1, "request"], [2, "reply"]]))],
    ["Sender", `${ip4(frame.slice(at + 14, at + 18))}, ${mac(frame.slice(at + 8, at + 14))}`],
    ["Target", `${ip4(frame.slice(at + 24, at + 28))}, ${mac(frame.slice(at + 18, at + 24))}`],
  ],
  ipv4: (frame, at, end) => [
    ["Source", ip4(frame.slice(at + 12, at + 16))], ["Destination", ip4(frame.slice(at + 16, at + 20))],
    ["Protocol", named(frame[at + 9], PROTOCOLS)], ["Time to live", frame[at + 8]], ["Length", number16(frame, at + 2)],
    ["Header", `${end - at} bytes`], ["DSCP", frame[at + 1] >> 2], ["Identification", hex(number16(frame, at + 4), 4)],
    ["Flags", FLAGS.filter((_, bit) => frame[at + 6] & (0x20 << bit)).join(", ") || "none"],
    ["Fragment offset", (number16(frame, at + 6) & 0x1fff) * 8], ["Checksum", hex(number16(frame, at + 10), 4)],
  ],
  ipv6: (frame, at) => [
    ["Source", ip6(frame.slice(at + 8, at + 24))], ["Destination", ip6(frame.slice(at + 24, at + 40))],
    ["Next header", named(frame[at + 6], PROTOCOLS)], ["Hop limit", frame[at + 7]], ["Payload", `${number16(frame, at + 4)} bytes`],
    ["Traffic class", ((frame[at] & 15) << 4) | (frame[at + 1] >> 4)], ["Flow label", hex(number32(frame, at) % 0x100000, 5)],
  ],
  icmp: (frame, at, end) => icmpFields(frame, at, end, ICMP),
  icmpv6: (frame, at, end) => icmpFields(frame, at, end, ICMP6),
  tcp: (frame, at, end) => [
    ["Source port", number16(frame, at)], ["Destination port", number16(frame, at + 2)],
    ...(end - at < 20 ? [] : [
      ["Sequence", number32(frame, at + 4)], ["Acknowledgement", number32(frame, at + 8)], ["Flags", tcpFlags(frame[at + 13]) || "none"],
      ["Window", number16(frame, at + 14)], ["Checksum", hex(number16(frame, at + 16), 4)],
    ]),
  ],
  udp: (frame, at, end) => [
    ["Source port", number16(frame, at)], ["Destination port", number16(frame, at + 2)],
    ...(end - at < 8 ? [] : [["Length", number16(frame, at + 4)], ["Checksum", hex(number16(frame, at + 6), 4)]]),
  ],
  dhcp: (frame, at, end) => [
    ["Message", dhcpType(frame, at, end) ?? "BOOTP"], ["Transaction", hex(number32(frame, at + 4), 8)],
    ["Client", mac(frame.slice(at + 28, at + 34))], ["Offered address", ip4(frame.slice(at + 16, at + 20))],
    ["Server", ip4(frame.slice(at + 20, at + 24))],
    ...dhcpOptions(frame, at, end).map(([number, from, to]) => [`Option ${number}`, number === 53 ? named(frame[from], DHCP) : optionText(frame.slice(from, to))]),
  ],
  dns: (frame, at, end) => [
    ["Identification", hex(number16(frame, at), 4)], ["Question", dnsQuestion(frame, at, end) ?? "none"],
    ["Answers", number16(frame, at + 6)], ["Result", named(frame[at + 3] & 15, new Map([[0, "no error"], [2, "server failure"], [3, "no such name"], [5, "refused"]]))],
  ],
};

function icmpFields(frame, at, end, names) {
  const fields = [["Type", named(frame[at], names)]];
  if (end - at >= 4) fields.push(["Code", frame[at + 1]], ["Checksum", hex(number16(frame, at + 2), 4)]);
  if (end - at >= 8 && (names.get(frame[at]) ?? "").startsWith("echo")) fields.push(["Identifier", number16(frame, at + 4)], ["Sequence", number16(frame, at + 6)]);
  return fields;
}

const optionText = (bytes) => (bytes.length === 4 ? ip4(bytes) : [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" "));

// The bytes, sixteen in a line: [{at, hex: [text of each byte], text}].
export function hexLines(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.slice(at, at + 16);
    lines.push({ at: at.toString(16).padStart(4, "0"), hex: Array.from(part, (byte) => byte.toString(16).padStart(2, "0")), text: plain(part) });
  }
  return lines;
}

// Summarises an Ethernet frame for the list of packets.

import { ip4, ip6, mac } from "./addresses.js";
import { dhcpType, dnsQuestion } from "./applications.js";
import { headersOf, number16 } from "./headers.js";
import { ICMP, ICMP6, PROTOCOLS, tcpFlags } from "./packet_names.js";

// {source, destination, protocol, what}, and for filters {ports, vlans, headers}.
export function dissect(frame) {
  const headers = headersOf(frame);
  const told = { source: mac(frame.slice(6, 12)), destination: mac(frame.slice(0, 6)), protocol: typeOf(frame, headers), what: "", ports: [], vlans: [], headers };
  for (const { kind, at, end } of headers) SUMMARIES[kind]?.(told, frame, at, end);
  told.what = [...told.vlans.map((vlan) => `VLAN ${vlan}`), told.what].filter(Boolean).join(" ");
  return told;
}

// Of what is not read further.
function typeOf(frame, headers) {
  const tag = headers.findLast(({ kind }) => kind === "vlan");
  const type = number16(frame, tag ? tag.at + 2 : 12);
  return type < 1536 ? "802.3" : `0x${type.toString(16).padStart(4, "0")}`;
}

const SUMMARIES = {
  __proto__: null,
  vlan: (told, frame, at) => told.vlans.push(number16(frame, at) & 0xfff),
  arp: (told, frame, at) => {
    const [sender, target] = [ip4(frame.slice(at + 14, at + 18)), ip4(frame.slice(at + 24, at + 28))];
    told.protocol = "ARP";
    told.what = frame[at + 7] === 1 ? `who has ${target}? tell ${sender}` : `${sender} is at ${mac(frame.slice(at + 8, at + 14))}`;
  },
  ipv4: (told, frame, at) => {
    told.source = ip4(frame.slice(at + 12, at + 16));
    told.destination = ip4(frame.slice(at + 16, at + 20));
    told.protocol = protocolOf(frame[at + 9]);
    const offset = (number16(frame, at + 6) & 0x1fff) * 8;
    told.what = offset ? `fragment at ${offset}` : "";
  },
  ipv6: (told, frame, at) => {
    told.source = ip6(frame.slice(at + 8, at + 24));
    told.destination = ip6(frame.slice(at + 24, at + 40));
    told.protocol = protocolOf(frame[at + 6]);
  },
  extension: (told, frame, at) => { told.protocol = protocolOf(frame[at]); },
  fragment: (told, frame, at) => {
    told.protocol = protocolOf(frame[at]);
    const offset = (number16(frame, at + 2) >> 3) * 8;
    told.what = offset ? `fragment at ${offset}` : "";
  },
  icmp: (told, frame, at, end) => describeIcmp(told, frame, at, end, ICMP),
  icmpv6: (told, frame, at, end) => describeIcmp(told, frame, at, end, ICMP6),
  tcp: (told, frame, at, end) => {
    readPorts(told, frame, at);
    if (end - at >= 14) told.what += ` ${tcpFlags(frame[at + 13])}`;
  },
  udp: readPorts,
  dhcp: (told, frame, at, end) => {
    told.protocol = "DHCP";
    told.what = dhcpType(frame, at, end) ?? told.what;
  },
  dns: (told, frame, at, end) => {
    told.protocol = "DNS";
    told.what = dnsQuestion(frame, at, end) ?? told.what;
  },
};

const protocolOf = (number) => PROTOCOLS.get(number) ?? `IP ${number}`;

function readPorts(told, frame, at) {
  told.ports = [number16(frame, at), number16(frame, at + 2)];
  told.what = told.ports.join(" → ");
}

function describeIcmp(told, frame, at, end, names) {
  const name = names.get(frame[at]) ?? `type ${frame[at]}`;
  told.what = end - at >= 8 && name.startsWith("echo") ? `${name} ${number16(frame, at + 6)}` : name;
}

// Finds the headers in an Ethernet frame: which there are and where each begins. A frame may end anywhere.

const TAGS = new Set([0x8100, 0x88a8, 0x9100, 0x9200]);
const ETHERTYPES = new Map([[0x0800, "ipv4"], [0x0806, "arp"], [0x86dd, "ipv6"]]);
const PROTOCOLS = new Map([[1, "icmp"], [6, "tcp"], [17, "udp"], [58, "icmpv6"]]);
// Headers of IPv6 between it and what it carries (RFC 8200): hop-by-hop options, routing, destination options.
const EXTENSIONS = new Set([0, 43, 60]);
const FRAGMENT = 44;
const MOST_HEADERS = 32;
// The least that a header has.
const LEAST = { ethernet: 14, vlan: 4, arp: 28, ipv4: 20, ipv6: 40, extension: 8, fragment: 8, icmp: 1, icmpv6: 1, tcp: 4, udp: 4, dhcp: 240, dns: 12 };

export const number16 = (frame, at) => (frame[at] << 8) | frame[at + 1];
export const number32 = (frame, at) => number16(frame, at) * 65536 + number16(frame, at + 2);

// A list of {kind, at, end}; what follows the last header that is known is {kind: "data"}, unless it is empty. A header of which
// a part is missing is "cut".
export function headersOf(frame) {
  const headers = [];
  let next = "ethernet";
  let at = 0;
  while (next !== "data" && headers.length < MOST_HEADERS) {
    if (frame.length - at < LEAST[next]) {
      headers.push({ kind: "cut", of: next, at, end: frame.length });
      return headers;
    }
    const found = READERS[next](frame, at);
    const end = Math.min(found.end, frame.length);
    headers.push({ kind: next, at, end });
    [next, at] = [found.next, end];
  }
  const end = endOfData(frame, headers);
  if (at < end) headers.push({ kind: "data", at, end });
  if (Math.max(at, end) < frame.length) headers.push({ kind: "padding", at: Math.max(at, end), end: frame.length });
  return headers;
}

// A short frame is filled up to 60 bytes; IP says where its packet ends.
function endOfData(frame, headers) {
  const ip = headers.find(({ kind }) => kind === "ipv4" || kind === "ipv6");
  const arp = headers.find(({ kind }) => kind === "arp");
  if (arp) return arp.end;
  if (!ip) return frame.length;
  const length = ip.kind === "ipv4" ? number16(frame, ip.at + 2) : 40 + number16(frame, ip.at + 4);
  return length ? Math.min(ip.at + length, frame.length) : frame.length;
}

const carriedBy = (type) => (TAGS.has(type) ? "vlan" : (ETHERTYPES.get(type) ?? "data"));

const READERS = {
  ethernet: (frame) => ({ end: 14, next: carriedBy(number16(frame, 12)) }),
  vlan: (frame, at) => ({ end: at + 4, next: carriedBy(number16(frame, at + 2)) }),
  arp: (_frame, at) => ({ end: at + 28, next: "data" }),
  ipv4: (frame, at) => {
    const isFirst = (number16(frame, at + 6) & 0x1fff) === 0; // later fragments have no header of what they carry
    return { end: at + Math.max((frame[at] & 15) * 4, 20), next: isFirst ? (PROTOCOLS.get(frame[at + 9]) ?? "data") : "data" };
  },
  ipv6: (frame, at) => ({ end: at + 40, next: afterIpv6(frame[at + 6]) }),
  extension: (frame, at) => ({ end: at + 8 + frame[at + 1] * 8, next: afterIpv6(frame[at]) }),
  fragment: (frame, at) => ({ end: at + 8, next: number16(frame, at + 2) >> 3 ? "data" : afterIpv6(frame[at]) }),
  icmp: (_frame, at) => ({ end: at + 8, next: "data" }),
  icmpv6: (_frame, at) => ({ end: at + 8, next: "data" }),
  tcp: (frame, at) => ({ end: at + Math.max((frame[at + 12] >> 4) * 4, 20), next: "data" }),
  udp: (frame, at) => ({ end: at + 8, next: carriedByUdp(frame, at) }),
  dhcp: (frame) => ({ end: frame.length, next: "data" }),
  dns: (frame) => ({ end: frame.length, next: "data" }),
};

function afterIpv6(protocol) {
  if (EXTENSIONS.has(protocol)) return "extension";
  return protocol === FRAGMENT ? "fragment" : (PROTOCOLS.get(protocol) ?? "data");
}

// By the ports. What is shorter than its header is data.
function carriedByUdp(frame, at) {
  const ports = [number16(frame, at), number16(frame, at + 2)];
  const left = frame.length - at - 8;
  if (ports.every((port) => port === 67 || port === 68) && left >= LEAST.dhcp) return "dhcp";
  return ports.includes(53) && left >= LEAST.dns ? "dns" : "data";
}

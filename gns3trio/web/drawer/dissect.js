// Summarises an Ethernet frame for the list of packets.

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
const mac = (bytes) => hex(bytes).join(":");
const ip4 = (bytes) => bytes.join(".");
const ICMP = { 0: "echo reply", 3: "unreachable", 8: "echo request", 11: "time exceeded" };
const ICMP6 = { 128: "echo request", 129: "echo reply", 133: "router solicitation", 134: "router advertisement", 135: "neighbour solicitation", 136: "neighbour advertisement" };

// In the form of RFC 5952: the longest run of zeros is omitted.
function ip6(bytes) {
  const groups = [];
  for (let place = 0; place < 16; place += 2) groups.push(((bytes[place] << 8) | bytes[place + 1]).toString(16));
  const text = groups.join(":");
  const [zeros] = [...text.matchAll(/\b0(?::0)+\b/g)].toSorted((a, b) => b[0].length - a[0].length);
  if (!zeros) return text;
  const [before, after] = [text.slice(0, zeros.index), text.slice(zeros.index + zeros[0].length)];
  return `${before.replace(/:$/, "")}::${after.replace(/^:/, "")}`;
}

export function dissect(frame) {
  const plain = { source: mac(frame.slice(6, 12)), destination: mac(frame.slice(0, 6)), what: "" };
  let type = (frame[12] << 8) | frame[13];
  let at = 14;
  let tag = "";
  while ([0x8100, 0x88a8, 0x9100, 0x9200].includes(type) && frame.length >= at + 4) {
    tag += `VLAN ${((frame[at] & 15) << 8) | frame[at + 1]} `;
    type = (frame[at + 2] << 8) | frame[at + 3];
    at += 4;
  }
  const rest = frame.slice(at);
  if (type === 0x0806 && rest.length >= 28) {
    const [sender, target] = [ip4(rest.slice(14, 18)), ip4(rest.slice(24, 28))];
    return { ...plain, protocol: "ARP", what: tag + (rest[7] === 1 ? `who has ${target}? tell ${sender}` : `${sender} is at ${mac(rest.slice(8, 14))}`) };
  }
  if (type === 0x0800 && rest.length >= 20) {
    const inner = transport(rest[9], rest.slice((rest[0] & 15) * 4), ICMP);
    return { source: ip4(rest.slice(12, 16)), destination: ip4(rest.slice(16, 20)), ...inner, what: tag + inner.what };
  }
  if (type === 0x86dd && rest.length >= 40) {
    const inner = transport(rest[6], rest.slice(40), ICMP6);
    return { source: ip6(rest.slice(8, 24)), destination: ip6(rest.slice(24, 40)), ...inner, what: tag + inner.what };
  }
  return { ...plain, protocol: type < 1536 ? "802.3" : `0x${type.toString(16).padStart(4, "0")}`, what: tag };
}

function transport(number, data, icmp) {
  const ports = () => `${(data[0] << 8) | data[1]} → ${(data[2] << 8) | data[3]}`;
  if (number === 1 || number === 58) {
    const sequence = data.length >= 8 && /echo/.test(icmp[data[0]] ?? "") ? ` ${(data[6] << 8) | data[7]}` : "";
    return { protocol: number === 1 ? "ICMP" : "ICMPv6", what: (icmp[data[0]] ?? `type ${data[0]}`) + sequence };
  }
  if (number === 6) return { protocol: "TCP", what: ports() };
  if (number === 17) return { protocol: "UDP", what: ports() };
  return { protocol: `IP ${number}`, what: "" };
}

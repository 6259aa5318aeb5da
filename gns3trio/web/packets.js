// A live list of the packets of a capture. The stream is in the format of libpcap (draft-ietf-opsawg-pcap).

import { at } from "./api.js";
import { h, tell } from "./dom.js";

const MOST_ROWS = 500;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const NANOSECONDS = 0xa1b23c4d;
const MICROSECONDS = 0xa1b2c3d4;

export function showPackets(drawer, lab, link) {
  drawer.show(tabOf(link), `Packets ${lab.linkName(link)}`, () => makeList(`${lab.path}/links/${link.link_id}/pcap`));
}

// A new capture gets a new list, also when the end of the one before has not been seen yet.
export function showNewPackets(drawer, lab, link) {
  drawer.close(tabOf(link));
  showPackets(drawer, lab, link);
}

const tabOf = (link) => `packets ${link.link_id}`;

function makeList(path) {
  const rows = h("tbody");
  const element = h("div", { className: "pane packets", tabIndex: 0 },
    h("table", {}, h("thead", {}, h("tr", {}, ["Time", "Source", "Destination", "Protocol", "Bytes", "What"].map((text) => h("th", {}, text)))), rows));
  const stop = new AbortController();
  let waiting = [];
  let frame = 0;
  let ended = false;
  const draw = () => {
    frame = 0;
    const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - 40;
    rows.append(...waiting.slice(-MOST_ROWS).map(row));
    waiting = [];
    while (rows.childElementCount > MOST_ROWS) rows.firstChild.remove();
    if (atEnd) element.scrollTop = element.scrollHeight;
  };
  const take = (packet) => {
    waiting.push(packet);
    if (waiting.length > 2 * MOST_ROWS) waiting = waiting.slice(-MOST_ROWS);
    frame ||= requestAnimationFrame(draw);
  };
  readPackets(path, stop.signal, take).catch((error) => {
    if (!stop.signal.aborted) tell(`Packets: ${error.message}`, "error");
  }).finally(() => { ended = true; });
  return { element, alive: () => !ended, close: () => stop.abort() };
}

function row({ time, bytes, length }) {
  const { source, destination, protocol, what } = dissect(bytes);
  const at = new Date(time * 1000).toISOString().slice(11, 23);
  return h("tr", {}, [at, source, destination, protocol, length, what].map((text) => h("td", {}, text)));
}

async function readPackets(path, signal, take) {
  const reply = await fetch(at(path), { signal });
  if (!reply.ok) throw new Error((await reply.json()).message);
  const reader = reply.body.getReader();
  let data = new Uint8Array();
  let header = null;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const joined = new Uint8Array(data.length + value.length);
    joined.set(data);
    joined.set(value, data.length);
    data = joined;
    let at = 0;
    const view = new DataView(data.buffer);
    if (!header && data.length >= FILE_HEADER) {
      header = fileHeader(view);
      at = FILE_HEADER;
    }
    while (header && data.length - at >= RECORD_HEADER) {
      const captured = view.getUint32(at + 8, header.little);
      if (data.length - at < RECORD_HEADER + captured) break;
      take({
        time: view.getUint32(at, header.little) + view.getUint32(at + 4, header.little) / header.units,
        length: view.getUint32(at + 12, header.little),
        bytes: data.slice(at + RECORD_HEADER, at + RECORD_HEADER + captured),
      });
      at += RECORD_HEADER + captured;
    }
    data = data.slice(at);
  }
}

function fileHeader(view) {
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    if (magic === MICROSECONDS) return { little, units: 1e6 };
    if (magic === NANOSECONDS) return { little, units: 1e9 };
  }
  throw new Error("the stream is not a capture");
}

// --- what is in a frame, as far as a list needs it ---

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
const mac = (bytes) => hex(bytes).join(":");
const ip4 = (bytes) => bytes.join(".");
const ICMP = { 0: "echo reply", 3: "unreachable", 8: "echo request", 11: "time exceeded" };
const ICMP6 = { 128: "echo request", 129: "echo reply", 133: "router solicitation", 134: "router advertisement", 135: "neighbour solicitation", 136: "neighbour advertisement" };

function ip6(bytes) {
  const groups = [];
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] << 8) | bytes[at + 1]).toString(16));
  return groups.join(":").replace(/\b0(:0)+\b/, ":").replace(/:{3,}/, "::");
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

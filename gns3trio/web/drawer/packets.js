// A live list of the packets of a capture.

import { at } from "../api.js";
import { h } from "../dom.js";
import { tell } from "../messages.js";
import { dissect } from "./dissect.js";
import { PcapReader } from "./pcap_reader.js";

const MOST_ROWS = 500;

export function showPackets(drawer, lab, link, options = {}) {
  const make = () => makeList(`${lab.path}/links/${link.link_id}/pcap`);
  drawer.show(tabOf(link), `Packets ${lab.linkName(link)}`, make, { stored: ["packets", link.link_id], ...options });
}

// A new capture gets a new list, even if the end of the previous one has not been noticed yet.
export function showNewPackets(drawer, lab, link) {
  drawer.close(tabOf(link));
  showPackets(drawer, lab, link);
}

const tabOf = (link) => `packets ${link.link_id}`;

function makeList(path) {
  const rows = h("tbody");
  const element = h("div", { className: "packets", tabIndex: 0 },
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
  const moment = new Date(time * 1000).toISOString().slice(11, 23);
  return h("tr", {}, [moment, source, destination, protocol, length, what].map((text) => h("td", {}, text)));
}

async function readPackets(path, signal, take) {
  const reply = await fetch(at(path), { signal });
  if (!reply.ok) throw new Error((await reply.json()).message);
  const stream = reply.body.getReader();
  const reader = new PcapReader();
  for (;;) {
    const { done, value } = await stream.read();
    if (done) return;
    for (const packet of reader.receive(value)) take(packet);
  }
}

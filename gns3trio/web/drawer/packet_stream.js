// The packets that cross a link, as they come. Nothing is stored on the server: what is watched ends with who watches it.

import { getStream, post } from "../api.js";
import { PcapReader } from "./pcap_reader.js";
import { PcapngReader } from "./pcapng_reader.js";

const MOST_OF_A_PACKET = 2048; // bytes; more of it is not shown

// `onOpen()` is called when packets can come, `onPackets(packets, interfaces)` with each piece. Returns when the stream has ended.
export async function streamPackets(lab, link, { signal, expression = "", onOpen, onPackets }) {
  const path = `${lab.path}/links/${link.link_id}`;
  const { stream, reader } = await open(path, link, expression, signal);
  onOpen();
  for (;;) {
    const { done, value } = await stream.read();
    if (done) return;
    const packets = reader.receive(value);
    if (packets.length) onPackets(packets, reader.interfaces ?? []);
  }
}

// A compute of GNS3 has one capture per link, which tells no directions: if it runs, it is read.
async function open(path, link, expression, signal) {
  try {
    const { capture_id } = await post(`${path}/captures`, { save: false, format: "pcapng", snaplen: MOST_OF_A_PACKET, expression }, signal);
    return { stream: await getStream(`${path}/captures/${capture_id}/stream`, signal), reader: new PcapngReader() };
  } catch (error) {
    if (!link.capturing || expression || signal.aborted) throw error;
    return { stream: await getStream(`${path}/pcap`, signal), reader: new PcapReader() };
  }
}

// Which end each interface of a capture is: 0 for the first end of the link, 1 for the second; undefined for no end. The server
// names an interface by node and port.
export function endsOf(interfaces, link, nodes) {
  const names = link.nodes.map((end) => `${nodes.get(end.node_id)?.name}_${end.adapter_number}-${end.port_number}`);
  return interfaces.map(({ name }) => (names.includes(name) ? names.indexOf(name) : undefined));
}

// Reads a stream in the format of pcapng (draft-ietf-opsawg-pcapng), little-endian, as the server writes it: bytes in, packets out.

const [SECTION, INTERFACE, PACKET] = [0x0a0d0d0a, 1, 6];
const LEAST_BLOCK = 12;
const MOST_BLOCK = 1 << 20; // bytes; the server's are shorter
const OPTION = { end: 0, name: 2, resolution: 9 };

export class PcapngReader {
  constructor() {
    this.data = new Uint8Array(); // the incomplete next block
    this.interfaces = []; // {name, units}: units in a second
  }

  // Returns the packets that these bytes complete: {time in seconds, length on the wire, captured bytes, interface}.
  // Throws if the stream is no capture.
  receive(bytes) {
    const data = new Uint8Array(this.data.length + bytes.length);
    data.set(this.data);
    data.set(bytes, this.data.length);
    const view = new DataView(data.buffer);
    const packets = [];
    let at = 0;
    while (data.length - at >= LEAST_BLOCK) {
      const [type, length] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
      if (length < LEAST_BLOCK || length > MOST_BLOCK || length % 4) throw new Error("the stream is not a capture");
      if (at === 0 && !this.begun && type !== SECTION) throw new Error("the stream is not a capture");
      if (data.length - at < length) break;
      this.begun = true;
      if (type === INTERFACE) this.interfaces.push(readInterface(data, view, at, at + length - 4));
      if (type === PACKET) packets.push(this.readPacket(data, view, at, length));
      at += length;
    }
    this.data = data.slice(at);
    return packets;
  }

  readPacket(data, view, at, length) {
    const number = view.getUint32(at + 8, true);
    const units = this.interfaces[number]?.units ?? 1e6;
    const time = (view.getUint32(at + 12, true) * 2 ** 32 + view.getUint32(at + 16, true)) / units;
    const captured = Math.min(view.getUint32(at + 20, true), Math.max(length - 32, 0));
    return { time, length: view.getUint32(at + 24, true), bytes: data.slice(at + 28, at + 28 + captured), interface: number };
  }
}

function readInterface(data, view, begin, end) {
  const read = { name: "", units: 1e6 };
  let at = begin + 16;
  while (at + 4 <= end) {
    const [code, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (code === OPTION.end) break;
    if (code === OPTION.name) read.name = new TextDecoder().decode(data.slice(at + 4, Math.min(at + 4 + length, end)));
    if (code === OPTION.resolution) read.units = 10 ** (data[at + 4] & 0x7f);
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return read;
}

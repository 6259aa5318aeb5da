// Reads a stream in the format of libpcap (draft-ietf-opsawg-pcap): bytes in, packets out.

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const NANOSECONDS = 0xa1b23c4d;
const MICROSECONDS = 0xa1b2c3d4;

export class PcapReader {
  constructor() {
    this.data = new Uint8Array(); // the incomplete next packet
    this.header = null;
  }

  // Returns the packets that these bytes complete: {time in seconds, length on the wire, captured bytes}.
  // Throws if the stream is not a capture.
  receive(bytes) {
    const data = new Uint8Array(this.data.length + bytes.length);
    data.set(this.data);
    data.set(bytes, this.data.length);
    const view = new DataView(data.buffer);
    const packets = [];
    let place = 0;
    if (!this.header && data.length >= FILE_HEADER) {
      this.header = readFileHeader(view);
      place = FILE_HEADER;
    }
    for (;;) {
      const packet = this.header && readPacket(data, view, place, this.header);
      if (!packet) break;
      packets.push(packet);
      place += RECORD_HEADER + packet.bytes.length;
    }
    this.data = data.slice(place);
    return packets;
  }
}

function readFileHeader(view) {
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    if (magic === MICROSECONDS) return { little, units: 1e6 };
    if (magic === NANOSECONDS) return { little, units: 1e9 };
  }
  throw new Error("the stream is not a capture");
}

// The packet at `place`, or null if it is incomplete.
function readPacket(data, view, place, { little, units }) {
  if (data.length - place < RECORD_HEADER) return null;
  const begin = place + RECORD_HEADER;
  const captured = view.getUint32(place + 8, little);
  if (data.length - begin < captured) return null;
  return {
    time: view.getUint32(place, little) + view.getUint32(place + 4, little) / units,
    length: view.getUint32(place + 12, little),
    bytes: data.slice(begin, begin + captured),
  };
}

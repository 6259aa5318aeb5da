// Writes packets as a file in the format of libpcap (draft-ietf-opsawg-pcap), with nanoseconds.

const NANOSECONDS = 0xa1b23c4d;
const ETHERNET = 1;
const MOST_BYTES = 262144;

// The parts of the file: its header, then the header and the bytes of each packet, as PcapReader gives them.
export function pcapFile(packets) {
  const head = new DataView(new ArrayBuffer(24));
  head.setUint32(0, NANOSECONDS, true);
  head.setUint16(4, 2, true);
  head.setUint16(6, 4, true);
  head.setUint32(16, MOST_BYTES, true);
  head.setUint32(20, ETHERNET, true);
  return [head.buffer, ...packets.flatMap(({ time, length, bytes }) => {
    const record = new DataView(new ArrayBuffer(16));
    const seconds = Math.floor(time);
    record.setUint32(0, seconds, true);
    record.setUint32(4, Math.min(Math.round((time - seconds) * 1e9), 999_999_999), true);
    record.setUint32(8, bytes.length, true);
    record.setUint32(12, length, true);
    return [record.buffer, bytes];
  })];
}

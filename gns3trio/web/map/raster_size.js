// How many pixels a raster picture has, by its first bytes: a small file can have so many that a browser has no room for them.

// A browser needs four bytes for each.
export const MOST_PIXELS = 40_000_000;
// The size of a JPEG comes after all that cameras write before it.
export const HEAD_BYTES = 256 * 1024;

const begins = (bytes, text, at = 0) => [...text].every((letter, place) => bytes[at + place] === letter.charCodeAt(0));

// Infinity for what is none of the kinds that are known here; 0 for one that ends too early, which no browser shows.
export function pixelsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (begins(bytes, "\x89PNG")) return view.getUint32(16) * view.getUint32(20);
    if (begins(bytes, "GIF8")) return view.getUint16(6, true) * view.getUint16(8, true);
    if (begins(bytes, "BM")) return Math.abs(view.getInt32(18, true) * view.getInt32(22, true));
    if (begins(bytes, "\xff\xd8\xff")) return pixelsOfJpeg(bytes, view);
    if (begins(bytes, "RIFF") && begins(bytes, "WEBP", 8)) return pixelsOfWebp(bytes, view);
  } catch (error) {
    if (error instanceof RangeError) return 0;
    throw error;
  }
  return bytes.length ? Infinity : 0;
}

// ITU-T T.81, B.1 and B.2: segments, one of which begins the frame.
function pixelsOfJpeg(bytes, view) {
  for (let at = 2; at < bytes.length; at += 2 + view.getUint16(at + 2)) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at += 1; // fill bytes
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff) return Infinity;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return view.getUint16(at + 5) * view.getUint16(at + 7);
  }
  return bytes.length < HEAD_BYTES ? 0 : Infinity;
}

// RFC 9649.
function pixelsOfWebp(bytes, view) {
  if (begins(bytes, "VP8 ", 12)) return (view.getUint16(26, true) & 0x3fff) * (view.getUint16(28, true) & 0x3fff);
  if (begins(bytes, "VP8L", 12)) return ((view.getUint32(21, true) & 0x3fff) + 1) * (((view.getUint32(21, true) >> 14) & 0x3fff) + 1);
  const read24 = (at) => view.getUint16(at, true) + 65536 * view.getUint8(at + 2);
  return begins(bytes, "VP8X", 12) ? (read24(24) + 1) * (read24(27) + 1) : Infinity;
}

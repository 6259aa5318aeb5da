// Writes addresses as people know them.

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));

export const mac = (bytes) => hex(bytes).join(":");
export const ip4 = (bytes) => bytes.join(".");

// In the form of RFC 5952: the longest run of zeros is omitted.
export function ip6(bytes) {
  const groups = [];
  for (let place = 0; place < 16; place += 2) groups.push(((bytes[place] << 8) | bytes[place + 1]).toString(16));
  const text = groups.join(":");
  const [zeros] = [...text.matchAll(/\b0(?::0)+\b/g)].toSorted((a, b) => b[0].length - a[0].length);
  if (!zeros) return text;
  const [before, after] = [text.slice(0, zeros.index), text.slice(zeros.index + zeros[0].length)];
  return `${before.replace(/:$/, "")}::${after.replace(/^:/, "")}`;
}

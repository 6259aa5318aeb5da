// What a picture must be to become a symbol.

const LARGEST = 4 * 1024 * 1024; // as the server's own limit
const SUFFIX = /\.(svg|png|jpe?g|gif)$/i;

// What is wrong with a file, in words; empty if nothing is.
export function pictureProblem({ name, size }) {
  if (!SUFFIX.test(name)) return `${name} is not a picture: its name must end with .svg, .png, .jpg or .gif.`;
  if (size > LARGEST) return `${name} has ${(size / 1024 / 1024).toFixed(1)} MiB, and a symbol may have ${LARGEST / 1024 / 1024} MiB.`;
  return size === 0 ? `${name} is empty.` : "";
}

// The name that the symbol gets: letters, digits and hyphens, without what a path could mean.
export function pictureName(name) {
  const [, stem, suffix] = /^(.*?)(\.\w+)$/s.exec(name);
  return `${stem.replaceAll(/[^\p{L}\p{N}_-]+/gu, "_").replace(/^_+/, "").slice(0, 80) || "picture"}${suffix.toLowerCase()}`;
}

// Which files of a node are texts that can be edited here.

// As much as the server takes for a base configuration; a browser edits more only slowly.
export const LARGEST_TEXT = 1024 * 1024;

// The text of a file, or null if it is none: it has a null character, or is not in UTF-8.
export function asText(bytes) {
  const all = new Uint8Array(bytes);
  if (all.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(all);
  } catch {
    return null;
  }
}

// The path of a node's file in the API. Each part is encoded, so that no name changes the path.
export const pathOfFile = (base, path) => `${base}/files/${path.split("/").map(encodeURIComponent).join("/")}`;

// What is wrong with a name for a new file, in words; empty if nothing is.
export function nameProblem(name) {
  if (!name.trim()) return "Give it a name.";
  if (name.startsWith("/") || name.split("/").some((part) => part === "" || part === "." || part === "..")) return "A name is one such as notes.txt or etc/motd.";
  return name.startsWith(".") ? "A name must not begin with a dot." : "";
}

// The time of a file's last change, short.
export const changedAt = (seconds) => (seconds === null ? "" : new Date(1000 * seconds).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" }));

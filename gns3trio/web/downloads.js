// Links that save a file of the server, and tell why if it refuses.

import { act } from "./actions.js";
import { at, requireFile } from "./api.js";
import { h } from "./dom.js";

// A link without a file; `offer` tells it which. It looks like a button.
export function downloadLink(properties, ...children) {
  const link = h("a", { className: "button", ...properties, onclick: act(async (event) => {
    event.preventDefault();
    await saveFile(link.path, link.download);
  }) }, ...children);
  return link;
}

// Saves a file of the server. Throws what the server says against it.
export async function saveFile(path, download) {
  await requireFile(path);
  h("a", { href: at(path), download }).click();
}

// Saves what this page has made: `parts` of a file as texts or bytes.
export function saveParts(parts, download, type) {
  const href = URL.createObjectURL(new Blob(parts, { type }));
  h("a", { href, download }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000); // when the browser has it
}

export const saveText = (text, download, type) => saveParts([text], download, type);

export function offer(link, path, name) {
  Object.assign(link, { path, href: at(path), download: name });
}

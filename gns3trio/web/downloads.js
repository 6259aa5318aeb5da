// Links that save a file of the server, and tell why if it refuses.

import { act } from "./actions.js";
import { at, requireFile } from "./api.js";
import { h } from "./dom.js";

// A link without a file; `offer` tells it which. It looks like a button.
export function downloadLink(properties, ...children) {
  const link = h("a", { className: "button", ...properties, onclick: act(async (event) => {
    event.preventDefault();
    const { href, download } = link;
    await requireFile(link.path);
    h("a", { href, download }).click();
  }) }, ...children);
  return link;
}

export function offer(link, path, name) {
  Object.assign(link, { path, href: at(path), download: name });
}

// Copies a text for the user. Browsers offer their clipboard only to pages that came over TLS or from this machine.

import { act } from "./actions.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { tell } from "./messages.js";

export async function copyText(text) {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyBySelection(text);
}

function copyBySelection(text) {
  const before = document.activeElement;
  const field = h("textarea", { value: text, readOnly: true, className: "off-screen" });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus({ preventScroll: true });
  if (!done) throw new Error("The browser does not let this page copy. Select the text and copy it yourself.");
}

// A small button that copies a text. `what` names it, such as "the folder".
export const copyButton = (text, what) =>
  h("button", { type: "button", className: "plain copy", ariaLabel: `Copy ${what}`, title: `Copy ${what}`, onclick: act(async () => {
    await copyText(text);
    tell(`Copied: ${text}`);
  }) }, icon("copy"));

const UUID = /\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;

// A path with only the beginning of each UUID in it.
export const shortPath = (path) => path.replace(UUID, "$1…");

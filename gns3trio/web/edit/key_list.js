// The list of all keys, as a dialog, and where more is told.

import { at } from "../api.js";
import { GROUP_TITLES } from "../commands.js";
import { h } from "../dom.js";

// How a key is written for people.
const NAMES = { Up: "↑", Down: "↓", Left: "←", Right: "→", " ": "Space" };
export const keyParts = (key) => (key === "+" ? ["+"] : key.split("+").map((part) => NAMES[part] ?? part));

export function showKeys(commands) {
  if (document.querySelector("dialog.keys")) return;
  const keysOf = (keys) => keys.map((key, place) => [place ? " or " : null, keyParts(key).map((part, number) => [number ? "+" : null, h("kbd", {}, part)])]);
  const groups = commands.keys().map(([group, rows]) => h("section", {}, h("h3", {}, GROUP_TITLES[group]),
    h("dl", {}, rows.map(({ title, keys }) => h("div", { className: "row" }, h("dt", {}, keysOf(keys)), h("dd", {}, title))))));
  const dialog = h("dialog", { className: "keys", ariaLabel: "Keys", onclose: () => dialog.remove() },
    h("form", { method: "dialog" }, h("h2", {}, "Keys"), h("div", { className: "groups", tabIndex: 0, role: "region", ariaLabel: "All keys" }, h("div", { className: "columns" }, groups)),
      h("p", { className: "hint" }, "The documents are in the folder ", h("code", {}, "docs"), " of gns3trio: begin with ", h("code", {}, "quick-start.md"), ". ", h("code", {}, "gns3trio -h"), " lists the commands, and the ", h("a", { href: at("/docs") }, "API"), " page the requests."),
      h("p", { className: "buttons" }, h("button", {}, "Close"))));
  document.body.append(dialog);
  dialog.showModal();
}

// Consoles of nodes: terminals and screens in the drawer or in a window, pages in another tab.

import { at, post, socketUrl } from "../api.js";
import { tell } from "../messages.js";
import { whyRefused } from "../people/rights.js";
import { makeScreen } from "./screen.js";
import { makeTerminal } from "./terminal.js";

export function consolePath(lab, node) {
  return `${lab.path}/nodes/${node.node_id}/console/ws`;
}

// Whether nodes like this one have a console. One without a port has it in the browser all the same.
export function hasConsole(node) {
  return ![null, undefined, "none"].includes(node.console_type);
}

// What shows the consoles of each type here. Other types need a program of the user.
const VIEWERS = { telnet: makeTerminal, vnc: makeScreen };

// Whether this page shows it, in the drawer or in a window.
export const isShownHere = (node) => Object.hasOwn(VIEWERS, node.console_type);

// Whether it is a page of the node, which the browser shows in a tab of its own.
const isPage = (node) => ["http", "https"].includes(node.console_type);

// Whether the browser shows it.
export const hasViewer = (node) => isShownHere(node) || isPage(node);

// Where programs of the user find the console. The path of a page is that of the lab's author: it begins with a slash in any
// case, so that it cannot be another host.
export function consoleAddress(node) {
  const host = node.console_host.includes(":") ? `[${node.console_host}]` : node.console_host;
  const path = isPage(node) ? `/${(node.properties.console_http_path ?? "").replace(/^[/\\]+/, "")}` : "";
  return `${node.console_type.split("+")[0]}://${host}:${node.console}${path}`;
}

// Opens the console of a node. That of one that does not run waits for its start.
export function openConsole(drawer, lab, node, options = {}) {
  const refusal = lab.rights.refusal("Node.Console");
  if (!hasConsole(node)) tell(`${node.name} has no console.`, "warning");
  else if (refusal) tell(refusal, "warning");
  else if (isShownHere(node)) showConsole(drawer, lab, node, options);
  else if (!isPage(node)) tell(`This page does not show the console of ${node.name}. Open ${consoleAddress(node)} with a viewer.`, "warning");
  else if (node.status === "stopped") tell(`${node.name} is not started: it has no console yet.`, "warning");
  else window.open(consoleAddress(node), "_blank", "noopener,noreferrer");
}

export const tabOf = (nodeId) => `console ${nodeId}`;

function showConsole(drawer, lab, node, options) {
  const id = tabOf(node.node_id);
  const make = () => {
    const content = makeConsole(lab, node, { onTyped: (text) => drawer.typed(id, text), onAction: (action) => drawer.follow(action) });
    return Object.assign(content, { nodeId: node.node_id, popOut: () => popOut(lab, node) });
  };
  drawer.show(id, node.name, make, { stored: ["console", node.node_id], ...options });
}

// What shows the console of a node. `lab` has its `path` and its `nodes`.
export function makeConsole(lab, node, { onTyped, onAction }) {
  return VIEWERS[node.console_type]({
    name: node.name, url: socketUrl(consolePath(lab, node)), onTyped, onAction,
    isRunning: () => ![undefined, "stopped"].includes(lab.nodes.get(node.node_id)?.status),
    whyRefused: () => whyRefused("Node.Console", `/projects/${lab.projectId}/nodes/${node.node_id}`),
    start: () => post(`${lab.path}/nodes/${node.node_id}/start`),
  });
}

// A window for a console alone, which stays when the page of the lab is closed. Returns whether the browser has opened it.
function popOut(lab, node) {
  const address = at(`/projects/${lab.projectId}/nodes/${node.node_id}/console`);
  const opened = window.open(address, `console-${node.node_id}`, "popup,width=860,height=560");
  if (!opened) tell(`The browser did not open a window. Allow this page to open windows, or open ${address}`, "warning");
  return Boolean(opened);
}

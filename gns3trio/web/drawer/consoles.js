// Consoles of nodes: terminals and screens in the drawer, pages in another tab.

import { socketUrl } from "../api.js";
import { h } from "../dom.js";
import { tell } from "../messages.js";
import { makeScreen } from "./screen.js";

export function consolePath(lab, node) {
  return `${lab.path}/nodes/${node.node_id}/console/ws`;
}

// Whether nodes like this one have a console. One without a port has it in the browser all the same.
export function hasConsole(node) {
  return ![null, undefined, "none"].includes(node.console_type);
}

// What shows the consoles of each type here. Other types need a program of the user.
const VIEWERS = { telnet: makeTerminal, vnc: (lab, node) => makeScreen(node.name, socketUrl(consolePath(lab, node))) };

// Whether it is a page of the node, which the browser shows in a tab of its own.
const isPage = (node) => ["http", "https"].includes(node.console_type);

// Whether the browser shows it.
export function hasViewer(node) {
  return Object.hasOwn(VIEWERS, node.console_type) || isPage(node);
}

// Whether the console is a web server, which the browser shows in a page of its own.
function isWeb(node) {
  return ["http", "https"].includes(node.console_type);
}

// Where programs of the user find the console. The path of a web console is that of the lab's author: it begins with a
// slash in any case, so that it cannot be another host.
export function consoleAddress(node) {
  const host = node.console_host.includes(":") ? `[${node.console_host}]` : node.console_host;
  const path = isWeb(node) ? `/${(node.properties.console_http_path ?? "").replace(/^[/\\]+/, "")}` : "";
  return `${node.console_type.split("+")[0]}://${host}:${node.console}${path}`;
}

export function openConsole(drawer, lab, node) {
  if (!hasConsole(node)) {
    tell(`${node.name} has no console.`, "warning");
    return;
  }
  if (isWeb(node) && node.status !== "stopped") {
    window.open(consoleAddress(node), "_blank", "noopener,noreferrer");
    return;
  }
  if (!hasViewer(node) && !isWeb(node)) {
    tell(`This page does not show the console of ${node.name}. Open ${consoleAddress(node)} with a viewer.`, "warning");
    return;
  }
  if (node.status === "stopped") {
    tell(`${node.name} is not started: it has no console yet.`, "warning");
    return;
  }
  if (isPage(node)) {
    const path = (node.properties.console_http_path ?? "").replace(/^\/+/, ""); // never another host
    window.open(`${consoleAddress(node)}/${path}`, "_blank", "noopener");
    return;
  }
  drawer.show(`console ${node.node_id}`, node.name, () => VIEWERS[node.console_type](lab, node));
}

function makeTerminal(lab, node) {
  const element = h("div", { className: "pane terminal" });
  const socket = new WebSocket(socketUrl(consolePath(lab, node)));
  socket.binaryType = "arraybuffer";
  const opened = new Promise((done) => { socket.onopen = done; }); // keys that were typed before are sent then
  const parts = {};
  const ready = Promise.all([import("../vendor/xterm.mjs"), import("../vendor/addon-fit.mjs")]).then(
    ([{ Terminal }, { FitAddon }]) => {
      const terminal = new Terminal({ fontSize: 13, cursorBlink: true, scrollback: 5000, screenReaderMode: true });
      const fit = new FitAddon();
      terminal.loadAddon(fit);
      terminal.open(element);
      fit.fit();
      terminal.onData(async (text) => {
        await opened;
        if (socket.readyState === WebSocket.OPEN) socket.send(new TextEncoder().encode(text));
      });
      Object.assign(parts, { terminal, observer: new ResizeObserver(() => element.hidden || fit.fit()) });
      parts.observer.observe(element);
      terminal.focus();
      return terminal;
    });
  socket.onmessage = async (message) => (await ready).write(new Uint8Array(message.data));
  socket.onclose = async () => (await ready).write("\r\n\x1b[33mThe console is closed.\x1b[0m\r\n");
  return {
    element,
    alive: () => socket.readyState <= WebSocket.OPEN,
    shown: () => parts.terminal?.focus(),
    close: () => {
      socket.onclose = null;
      socket.close();
      parts.observer?.disconnect();
      parts.terminal?.dispose();
    },
  };
}

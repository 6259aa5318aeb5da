// Consoles of nodes, as terminals in the drawer.

import { socketUrl } from "../api.js";
import { h } from "../dom.js";
import { tell } from "../messages.js";

export function consolePath(lab, node) {
  return `${lab.path}/nodes/${node.node_id}/console/ws`;
}

// Whether nodes like this one have a console. One without a port has it in the browser all the same.
export function hasConsole(node) {
  return ![null, undefined, "none"].includes(node.console_type);
}

// Whether it is a text, which a terminal shows.
export function hasTerminal(node) {
  return node.console_type === "telnet";
}

export function openConsole(drawer, lab, node) {
  if (!hasConsole(node)) {
    tell(`${node.name} has no console.`, "warning");
    return;
  }
  if (!hasTerminal(node)) {
    tell(`The console of ${node.name} is not a text: open ${node.console_type}://${node.console_host}:${node.console} with a viewer.`, "warning");
    return;
  }
  if (node.status !== "started") {
    tell(`${node.name} is not started: it has no console yet.`, "warning");
    return;
  }
  drawer.show(`console ${node.node_id}`, node.name, () => makeConsole(lab, node));
}

function makeConsole(lab, node) {
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

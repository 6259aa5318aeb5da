// The drawer below the drawing: consoles and packet lists, one tab each.

import { socketUrl } from "../api.js";
import { h } from "../dom.js";
import { tell } from "../messages.js";

export class Drawer {
  constructor() {
    this.tabs = h("div", { className: "tabs", role: "tablist" });
    this.panes = h("div", { className: "pane" });
    this.element = h("section", { className: "drawer", hidden: true, ariaLabel: "Consoles and packets" }, this.tabs, this.panes);
    this.open = new Map();
  }

  // Show the tab of `id`. `make` gives {element, close, alive, shown} when there is none yet, or one that has ended.
  show(id, title, make) {
    if (this.open.get(id)?.alive() === false) this.close(id);
    if (!this.open.has(id)) {
      const content = make();
      const tab = h("button", { type: "button", role: "tab", onclick: () => this.choose(id) }, title);
      const close = h("button", { type: "button", className: "plain", ariaLabel: `Close ${title}`, onclick: () => this.close(id) }, "×");
      const place = h("span", {}, tab, close);
      this.tabs.append(place);
      this.panes.append(content.element);
      this.open.set(id, { ...content, tab, place });
    }
    this.element.hidden = false;
    this.choose(id);
    this.element.scrollIntoView({ block: "nearest" }); // on a narrow screen it is below
  }

  choose(id) {
    for (const [each, { tab, element }] of this.open) {
      tab.setAttribute("aria-selected", each === id);
      element.hidden = each !== id;
    }
    this.open.get(id)?.shown?.();
  }

  close(id) {
    const tab = this.open.get(id);
    if (!tab) return;
    tab.close();
    tab.place.remove();
    tab.element.remove();
    this.open.delete(id);
    const [next] = this.open.keys();
    if (next) this.choose(next);
    else this.element.hidden = true;
  }
}

export function consolePath(lab, node) {
  return `${lab.path}/nodes/${node.node_id}/console/ws`;
}

export function openConsole(drawer, lab, node) {
  if (node.status !== "started") {
    tell(`${node.name} is not started: it has no console yet.`, "warning");
    return;
  }
  drawer.show(`console ${node.node_id}`, node.name, () => makeConsole(drawer, lab, node));
}

function makeConsole(drawer, lab, node) {
  const element = h("div", { className: "pane terminal" });
  const socket = new WebSocket(socketUrl(consolePath(lab, node)));
  socket.binaryType = "arraybuffer";
  const opened = new Promise((done) => { socket.onopen = done; }); // what is typed before is sent then
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

// The screen of a node: noVNC (vendor/novnc) on a websocket of the server, which is opened again whenever it has ended.

import { ask, button, enable } from "../actions.js";
import { h, setText } from "../dom.js";
import { keysOf } from "./keysyms.js";
import { Reconnect, describeState } from "./reconnect.js";

export function makeScreen({ name, url, isRunning, whyRefused, start }) {
  let shownName = name;
  let rfb = null;
  let wantsFocus = false;
  const said = h("span", { className: "hint", role: "status" });
  const picture = h("div", { className: "picture" });
  const keys = button("Ctrl+Alt+Del", () => rfb?.sendCtrlAltDel());
  const text = button("Type text…", typeText, { title: "For what you have copied: machines have no clipboard of their own" });
  const startButton = button("Start", start, { hidden: true });
  const again = button("Connect", () => reconnect.now(), { hidden: true });
  const element = h("div", { className: "screen-pane", role: "group", ariaLabel: `Screen of ${name}` },
    h("div", { className: "buttons" }, keys, text, startButton, again, said), picture);

  const reconnect = new Reconnect({ connect: () => connect().catch(({ message }) => reconnect.ended(message)), isRunning, whyRefused, onState });
  reconnect.start();

  function onState(state) {
    const { kind } = state;
    setText(said, describeState(shownName, state));
    for (const each of [keys, text]) enable(each, kind === "open");
    startButton.hidden = kind !== "stopped";
    again.hidden = !["waiting", "refused"].includes(kind);
  }

  async function connect() {
    const { default: RFB } = await import("../vendor/novnc/core/rfb.js");
    if (reconnect.state.kind !== "connecting") return; // its tab was closed meanwhile
    rfb = new RFB(picture, url, { shared: true });
    rfb.scaleViewport = true; // it follows the size of the drawer
    rfb.addEventListener("connect", () => {
      reconnect.opened();
      if (wantsFocus) rfb.focus();
    });
    rfb.addEventListener("disconnect", () => {
      rfb = null;
      reconnect.ended("");
    });
    rfb.addEventListener("credentialsrequired", () => {
      const refusing = rfb;
      reconnect.close(); // another try would be answered alike
      refusing.disconnect();
      setText(said, "The screen wants a password. Open it with a viewer.");
    });
  }

  async function typeText() {
    const area = h("textarea", { name: "text", rows: 5, maxLength: 4096, required: true, ariaLabel: "Text to type" });
    const answer = await ask(`Type text into ${shownName}`, area, "Type");
    if (!answer || !rfb) return;
    for (const key of keysOf(answer.text)) rfb.sendKey(key, null);
    rfb.focus();
  }

  return {
    element,
    alive: () => reconnect.state.kind !== "closed",
    shown: () => {
      wantsFocus = true;
      rfb?.focus();
    },
    nodeChanged: (node) => {
      if (node) {
        shownName = node.name;
        element.ariaLabel = `Screen of ${node.name}`;
        reconnect.nodeChanged();
        return;
      }
      reconnect.close();
      rfb?.disconnect();
      setText(said, `${shownName} was deleted.`);
    },
    close: () => {
      reconnect.close();
      rfb?.disconnect();
    },
  };
}

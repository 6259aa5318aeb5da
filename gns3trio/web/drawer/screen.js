// The screen of a node: noVNC (vendor/novnc) on a websocket of the server.

import { button } from "../actions.js";
import { h, setText } from "../dom.js";

export function makeScreen(name, url) {
  const said = h("span", { className: "hint", role: "status" }, "Connecting…");
  const picture = h("div", { className: "picture" });
  const keys = button("Ctrl+Alt+Del", () => parts.rfb?.sendCtrlAltDel());
  const element = h("div", { className: "pane screen", role: "group", ariaLabel: `Screen of ${name}` },
    h("div", { className: "buttons" }, keys, button("Full screen", () => element.requestFullscreen()), said), picture);
  const parts = { rfb: null, ended: false };

  const end = (text) => {
    Object.assign(parts, { rfb: null, ended: true });
    keys.disabled = true;
    setText(said, text);
  };
  const connect = async () => {
    const { default: RFB } = await import("../vendor/novnc/core/rfb.js");
    if (parts.ended) return; // its tab was closed meanwhile
    const rfb = new RFB(picture, url, { shared: true });
    rfb.scaleViewport = true;
    rfb.addEventListener("connect", () => setText(said, ""));
    rfb.addEventListener("disconnect", () => end("The console is closed."));
    rfb.addEventListener("credentialsrequired", () => {
      rfb.disconnect();
      end("The screen wants a password. Open it with a viewer.");
    });
    rfb.focus();
    parts.rfb = rfb;
  };
  connect().catch(({ message }) => end(`The screen cannot be shown: ${message}`));

  return {
    element,
    alive: () => !parts.ended,
    shown: () => parts.rfb?.focus(),
    close: () => {
      parts.ended = true;
      parts.rfb?.disconnect();
    },
  };
}

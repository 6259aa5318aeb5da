// Shows nodes: symbol, name, a dot for the status, and the host of a node that is not on this server.

import { at } from "../api.js";
import { classNames, s, set, setText } from "../dom.js";
import { boxOfLabel, centreLabel, isPlaced, placeLabel } from "./labels.js";
import { boxOf, sizeOf } from "./node_box.js";

const NAME_ABOVE = 8;
const HOST_BELOW = 13;
const LONGEST_HOST = 24; // letters

export class NodeShape {
  constructor(id) {
    this.id = id;
    this.image = s("image");
    this.plate = s("rect", { class: "plate", rx: 6 });
    this.ring = s("rect", { class: "ring", rx: 6, x: -5, y: -5 });
    this.label = s("text", { class: "label-part" });
    this.lamp = s("circle", { class: "lamp", r: 6 });
    this.host = null; // the name of its host, for a node on another one
    this.group = s("g", { "data-id": id, role: "button", tabindex: -1 },
      this.plate, this.ring, this.image, this.lamp, this.label);
  }

  parts() {
    return [this.group];
  }

  // `room` has places for texts; `host` is {name, hue, away} for a node on another host, else null; `kept`: it does not run.
  show(node, { kept, host, dimmed, source, selected, layers, room }) {
    const [width, height] = sizeOf(node);
    const away = Boolean(host?.away);
    const state = away ? `away, last seen ${node.status}` : kept ? "does not run here" : node.status;
    layers.put(this.group, node.z, "nodes");
    set(this.group, {
      transform: `translate(${node.x} ${node.y})`,
      class: classNames("node", { started: node.status === "started", suspended: node.status === "suspended", source, kept: kept && !away, away, elsewhere: host !== null, foreign: !isOurs(node.symbol), dimmed, selected, locked: node.locked }),
      "aria-label": `${node.name}, ${node.node_type.replaceAll("_", " ")}, ${state}${host ? `, on ${host.name}` : ""}${node.locked ? ", locked" : ""}`,
    });
    this.showHost(host, width / 2, height + HOST_BELOW);
    set(this.image, { href: at(`/v2/symbols/${encodeURIComponent(node.symbol)}/raw`), width, height });
    set(this.plate, { width, height });
    set(this.ring, { width: width + 10, height: height + 10 });
    set(this.lamp, { cx: width - 4, cy: height - 4 });
    const { label, name } = node;
    if (isPlaced(label)) placeLabel(this.label, label, name, [0, 0]);
    else centreLabel(this.label, label?.style, name, [width / 2, -NAME_ABOVE], label?.rotation);
    this.takeRoom(node, host !== null, room);
  }

  takeRoom(node, hasHost, room) {
    const { label, name, x, y } = node;
    const [width, height] = sizeOf(node);
    const key = JSON.stringify([x, y, width, height, hasHost, name, label]);
    if (key === this.placedKey) return;
    this.placedKey = key;
    const [left, top, right, bottom] = boxOf(node);
    const symbol = [left, top, right, bottom + (hasHost ? HOST_BELOW : 0)];
    const ofName = boxOfLabel(label, name, [x, y], [x + width / 2, y - NAME_ABOVE]);
    room.place(this.id, [symbol, ofName].map((box) => [{ box, rank: 0, isFixed: true }]));
  }

  showHost(host, x, y) {
    if (!host) {
      this.host?.remove();
      this.host = null;
      return;
    }
    if (!this.host) this.group.append(this.host = s("text", { class: "host", "text-anchor": "middle" }));
    this.group.style.setProperty("--host-hue", host.hue);
    setText(this.host, shortened(host.name) + (host.away ? " · away" : ""));
    set(this.host, { x, y });
  }
}

// Our own symbols can be seen on every ground; one that was uploaded may be black, and gets a plate on a dark page.
const isOurs = (symbol) => symbol?.startsWith(":/symbols/") ?? false;

const shortened = (name) => (name.length > LONGEST_HOST ? `${name.slice(0, LONGEST_HOST - 1)}…` : name);

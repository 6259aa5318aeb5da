// The choices of a host: for a new node, and for what of the map is shown. Both are hidden as long as there is one host only.

import { h } from "../dom.js";

const AUTOMATIC = "auto"; // the server chooses
const ALL = "";

// A choice of the host for a new node; `update(type)` when the hosts or the type of node have changed. `value` is an id, or that of automatic.
export class NewNodeHost {
  constructor(hosts) {
    this.hosts = hosts;
    this.element = h("select", { ariaLabel: "Host of the new node", id: "node-host", hidden: true });
  }

  get value() {
    return this.element.value || AUTOMATIC;
  }

  update(type) {
    const chosen = this.element.value;
    const able = new Set(this.hosts.offering(type).map((each) => each.compute_id));
    const options = [...this.hosts.computes.values()].map((each) => h("option", { value: each.compute_id, disabled: !able.has(each.compute_id) },
      this.hosts.nameOf(each.compute_id) + (each.connected ? "" : " (away)")));
    this.element.replaceChildren(h("option", { value: AUTOMATIC }, "Automatic host"), ...options);
    this.element.value = able.has(chosen) ? chosen : AUTOMATIC;
    this.element.hidden = !this.hosts.several;
  }
}

// The choice of the host whose nodes are shown on the map, the others being dimmed.
export class ShownHost {
  constructor(hosts) {
    this.hosts = hosts;
    this.element = h("select", { ariaLabel: "Host on the map", id: "shown-host", hidden: true, onchange: () => hosts.show(this.element.value || null) });
  }

  update() {
    this.element.replaceChildren(h("option", { value: ALL }, "Show all hosts"),
      ...[...this.hosts.computes.keys()].map((id) => h("option", { value: id }, `Show ${this.hosts.nameOf(id)}`)));
    this.element.value = this.hosts.shown ?? ALL;
    this.element.hidden = !this.hosts.several;
  }
}

// Layers by z, as in GNS3. In a layer, links are below nodes, and drawings above both. Groups of nodes, and the bundles of links
// between them, are below all of these.

import { s } from "../dom.js";

const KINDS = ["bundles", "groups", "links", "nodes", "ports", "drawings"];

export class Layers {
  constructor() {
    this.scene = s("g");
    this.layers = new Map(); // by z: its groups by kind
  }

  clear() {
    this.layers.clear();
    this.scene.replaceChildren();
  }

  put(element, z, kind) {
    const group = (this.layers.get(z) ?? this.add(z))[kind];
    if (element.parentNode === group) return;
    const hadFocus = document.activeElement === element;
    group.append(element);
    if (hadFocus) element.focus({ preventScroll: true }); // it would lose it
  }

  add(z) {
    const groups = Object.fromEntries(KINDS.map((kind) => [kind, s("g", { "data-kind": kind })]));
    const above = [...this.layers.keys()].filter((other) => other > z);
    const before = above.length ? this.layers.get(Math.min(...above)).all : null;
    groups.all = s("g", { "data-z": z }, Object.values(groups));
    this.scene.insertBefore(groups.all, before);
    this.layers.set(z, groups);
    return groups;
  }
}

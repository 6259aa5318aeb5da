// Where the nodes of a lab are: their hosts, which of these are away, and of which host alone the nodes are shown.

import { get } from "../api.js";
import { Hosts, LOCAL } from "./hosts.js";

export class LabHosts extends Hosts {
  constructor(lab) {
    super({ onState: (ids) => this.changeState(ids) });
    this.lab = lab;
    this.wereKnown = false;
    this.shown = null; // the id of the host whose nodes are shown; null for all
  }

  // The host of a node that is not on this server, as {name, hue, away}; null for one that is.
  of({ compute_id: id }) {
    if (!id || id === LOCAL) return null;
    return { name: this.nameOf(id), hue: this.hueOf(id), away: this.whyAway(id) !== null };
  }

  // The words by which a node is found by its host, if there are several.
  wordsOf(node) {
    if (!this.several) return "";
    return `${this.nameOf(node.compute_id)}${this.of(node)?.away ? " away" : ""}`;
  }

  // Whether a host is a server of ours, as far as the server can tell.
  async isOurs(id) {
    try {
      return (await get("/v2/hosts")).some((each) => each.compute_id === id && each.own_version !== null);
    } catch {
      return false;
    }
  }

  // Whether a link is between two hosts.
  areApart(link) {
    const [one, other] = link.nodes.map((end) => this.lab.nodes.get(end.node_id)?.compute_id);
    return Boolean(one && other && one !== other);
  }

  // Whether any of these nodes is on the host that is shown.
  isShown(...nodes) {
    return this.shown === null || nodes.some((node) => node.compute_id === this.shown);
  }

  show(id) {
    if (id === this.shown) return;
    this.shown = id;
    for (const things of [this.lab.nodes, this.lab.links]) for (const each of things.keys()) this.lab.touch(each);
  }

  changeState(ids) {
    if (this.shown !== null && !this.computes.has(this.shown)) this.show(null);
    for (const [id, node] of this.lab.nodes) if (ids.has(node.compute_id)) this.lab.touchNode(id);
    this.lab.tell("hosts");
    if (this.wereKnown) this.lab.readProblemsSoon(); // when they are known first, the lab is being read as well
    this.wereKnown = true;
  }
}

// What the panel of a link says of its hosts: which they are, and how the trunk between them is.

import { h, setText } from "../dom.js";
import { trunkFacts } from "./host_texts.js";
import { LOCAL } from "./hosts.js";
import { Trunks } from "./trunks.js";

export class LinkHosts {
  constructor(lab, id) {
    Object.assign(this, { lab, id, ends: null, trunks: null });
    this.element = h("p", { className: "hint", hidden: true });
  }

  close() {
    this.trunks?.close();
  }

  // Its nodes may be on other hosts than before.
  update() {
    const { hosts, nodes } = this.lab;
    const link = this.lab.links.get(this.id);
    const apart = hosts.areApart(link);
    const ends = apart ? link.nodes.map((end) => nodes.get(end.node_id).compute_id) : null;
    if (String(ends) !== String(this.ends)) {
      this.ends = ends;
      this.trunks?.close();
      this.trunks = apart ? new Trunks(ends.find((id) => id === LOCAL) ?? ends[0], () => this.draw()) : null;
      this.trunks?.follow();
    }
    this.draw();
  }

  draw() {
    this.element.hidden = this.ends === null;
    if (!this.ends) return;
    const { trunks, ends } = this;
    const trunk = trunks.to(ends.find((id) => id !== trunks.id));
    const facts = trunk?.links ? trunkFacts(trunk).filter(([name, value]) => value && name !== "Links").map(([name, value]) => `${name} ${value}`) : [];
    const way = trunk?.links ? ` Their trunk is ${trunk.state}. ${trunk.reason || facts.join("; ")}.` : "";
    setText(this.element, `Between the hosts ${ends.map((id) => this.lab.hosts.nameOf(id)).join(" and ")}.${way}`);
  }
}

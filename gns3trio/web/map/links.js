// Shows links: the wire in its style, its load, what is set on it, and the port names at its ends.

import { classNames, s, set, setText } from "../dom.js";
import { formatRate } from "../format.js";
import { centreLabel, isPlaced, placeLabel } from "./labels.js";
import { laneOf, pointBeside } from "./lanes.js";
import { centreOf, sizeOf } from "./node_box.js";
import { Marks } from "./wire_marks.js";
import { wireState } from "./wire_state.js";
import { wireStyle } from "./wire_style.js";

// Distance of a port name from its node; every second one of narrow lanes is farther away.
const [PORT_AWAY, STAGGER] = [12, 26];
// Distance of the sign of a capture from that of a link which passes nothing.
const BESIDE_CUT = 20;

export class LinkShape {
  constructor(id) {
    this.hit = s("line", { class: "hit" });
    this.tunnel = s("line", { class: "tunnel" }); // around the wire of a link between two hosts
    this.wire = s("line", { class: "wire" });
    this.marks = new Marks();
    // Its parts have gaps between them, so it is seen on a wire of any colour.
    this.dot = s("g", { class: "capture" }, s("title", {}, "is being captured"), s("circle", { r: 8 }), s("circle", { r: 4 }));
    this.load = s("text", { class: "load" });
    this.filters = s("text", { class: "filters" });
    this.group = s("g", { "data-id": id, role: "button", tabindex: -1 },
      this.hit, this.tunnel, this.wire, this.marks.group, this.dot, this.load, this.filters);
    this.portNames = [0, 1].map((place) => s("text", { class: "label-part", "data-place": place }));
    this.ports = s("g", { "aria-hidden": "true", "data-ports-of": id }, this.portNames);
  }

  parts() {
    return [this.group, this.ports];
  }

  // `canMove`: whether signs of traffic may move along the wire.
  show(link, { lab, nodes, selected, layers, canMove }) {
    const z = Math.min(...nodes.map((node) => node.z));
    layers.put(this.group, z, "links");
    layers.put(this.ports, z, "ports");
    const [a, b] = nodes.map(centreOf);
    const { shift, at, alone, narrow } = laneOf(link, lab.linksOfNode, a, b);
    const line = { x1: a[0] + shift[0], y1: a[1] + shift[1], x2: b[0] + shift[0], y2: b[1] + shift[1] };
    const [x, y] = [line.x1 + at * (line.x2 - line.x1), line.y1 + at * (line.y2 - line.y1)];
    const { bits, lost } = lab.rate(link.link_id);
    const broken = lab.problems.has(link.link_id);
    const wire = wireState({ conditions: lab.conditionsOf(link), suspended: link.suspend, broken, names: nodes.map(({ name }) => name) });
    const between = lab.hosts.areApart(link);
    const state = { between, dimmed: !lab.hosts.isShown(...nodes), busy: bits > 0, losing: lost > 0, suspended: link.suspend, capturing: link.capturing,
      broken, blocked: wire.cut === "blocked", "rate-limited": wire.narrow };
    set(this.hit, line);
    set(this.wire, line);
    if (between) set(this.tunnel, line);
    const style = wireStyle(link.link_style ?? {}, wire.narrow ? 0 : bits);
    for (const [name, value] of Object.entries(style)) this.wire.style.setProperty(name, value);
    this.marks.show({ ...wire, line, at: [x, y], sizes: nodes.map(sizeOf), bits: canMove && !wire.cut ? lab.bitsOfWays(link.link_id) : [0, 0] });
    const length = Math.hypot(line.x2 - line.x1, line.y2 - line.y1) || 1;
    const beside = wire.cut ? BESIDE_CUT / length : 0;
    set(this.dot, { transform: `translate(${x + beside * (line.x2 - line.x1)} ${y + beside * (line.y2 - line.y1)})` });
    const away = wire.cut || link.capturing ? 6 : 0; // of the texts, from a sign
    set(this.load, alone ? { x, y: y - 6 - away, "text-anchor": "middle" } : { x: x - 8 - away, y: y - 3, "text-anchor": "end" });
    set(this.filters, alone ? { x, y: y + 15 + away, "text-anchor": "middle" } : { x: x + 8 + away, y: y - 3, "text-anchor": "start" });
    setText(this.load, bits ? formatRate(bits) + (lost >= 0.5 ? `, ${Math.round(lost)} lost/s` : "") : "");
    setText(this.filters, wire.texts.join(" · "));
    set(this.group, {
      class: classNames("link", { ...state, styled: style["--own-color"] !== "", selected }),
      "aria-label": `Link ${lab.linkName(link)}${between ? ", between hosts" : ""}${wire.said ? `, ${wire.said}` : ""}`,
    });
    set(this.ports, { class: classNames("port-names", { "of-selected": selected }) });
    const portAway = PORT_AWAY + (narrow ? STAGGER : 0);
    this.showPort(0, link.nodes[0], nodes[0], [line.x1, line.y1], [line.x2, line.y2], lab, portAway);
    this.showPort(1, link.nodes[1], nodes[1], [line.x2, line.y2], [line.x1, line.y1], lab, portAway);
  }

  // At its own position, or on the wire beside the node.
  showPort(place, end, node, from, to, lab, away) {
    const text = this.portNames[place];
    if (isPlaced(end.label)) {
      placeLabel(text, end.label, end.label.text, [node.x, node.y]);
      return;
    }
    const [x, y] = pointBeside(from, to, sizeOf(node), away);
    centreLabel(text, null, lab.portName(end), [x, y + 4]);
  }
}

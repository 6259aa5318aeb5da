// Shows links: the wire in its style, its load and filters, and the port names at its ends.

import { classNames, s, set, setText } from "../dom.js";
import { formatRate } from "../format.js";
import { describeFilters } from "./filter_texts.js";
import { centreLabel, isPlaced, placeLabel } from "./labels.js";
import { laneOf, pointBeside } from "./lanes.js";
import { centreOf, sizeOf } from "./node_box.js";
import { wireStyle } from "./wire_style.js";

// Distance of a port name from its node; every second one of narrow lanes is farther away.
const [PORT_AWAY, STAGGER] = [12, 26];

export class LinkShape {
  constructor(id) {
    this.hit = s("line", { class: "hit" });
    this.tunnel = s("line", { class: "tunnel" }); // around the wire of a link between two hosts
    this.wire = s("line", { class: "wire" });
    this.dot = s("circle", { class: "capture", r: 5 }, s("title", {}, "is being captured"));
    this.load = s("text", { class: "load" });
    this.filters = s("text", { class: "filters" });
    this.group = s("g", { "data-id": id, role: "button", tabindex: -1 },
      this.hit, this.tunnel, this.wire, this.dot, this.load, this.filters);
    this.portNames = [s("text"), s("text")];
    this.ports = s("g", { "aria-hidden": "true" }, this.portNames);
  }

  parts() {
    return [this.group, this.ports];
  }

  show(link, { lab, nodes, selected, layers }) {
    const z = Math.min(...nodes.map((node) => node.z));
    layers.put(this.group, z, "links");
    layers.put(this.ports, z, "ports");
    const [a, b] = nodes.map(centreOf);
    const { shift, at, alone, narrow } = laneOf(link, lab.linksOfNode, a, b);
    const line = { x1: a[0] + shift[0], y1: a[1] + shift[1], x2: b[0] + shift[0], y2: b[1] + shift[1] };
    const [x, y] = [line.x1 + at * (line.x2 - line.x1), line.y1 + at * (line.y2 - line.y1)];
    const { bits, lost } = lab.rate(link.link_id);
    const broken = lab.problems.has(link.link_id);
    const said = [...(broken ? ["broken"] : []), ...describeFilters(link), ...(link.suspend ? ["suspended"] : [])].join(" · ");
    const between = lab.hosts.areApart(link);
    const state = { between, dimmed: !lab.hosts.isShown(...nodes), busy: bits > 0, losing: lost > 0, suspended: link.suspend, capturing: link.capturing, broken };
    set(this.hit, line);
    set(this.wire, line);
    if (between) set(this.tunnel, line);
    const style = wireStyle(link.link_style ?? {}, bits);
    for (const [name, value] of Object.entries(style)) this.wire.style.setProperty(name, value);
    set(this.dot, { cx: x, cy: y });
    set(this.load, alone ? { x, y: y - 6, "text-anchor": "middle" } : { x: x - 8, y: y - 3, "text-anchor": "end" });
    set(this.filters, alone ? { x, y: y + 15, "text-anchor": "middle" } : { x: x + 8, y: y - 3, "text-anchor": "start" });
    setText(this.load, bits ? formatRate(bits) + (lost >= 0.5 ? `, ${Math.round(lost)} lost/s` : "") : "");
    setText(this.filters, said);
    set(this.group, {
      class: classNames("link", { ...state, styled: style["--own-color"] !== "", selected }),
      "aria-label": `Link ${lab.linkName(link)}${between ? ", between hosts" : ""}${said ? `, ${said}` : ""}`,
    });
    set(this.ports, { class: classNames("port-names", { "of-selected": selected }) });
    const away = PORT_AWAY + (narrow ? STAGGER : 0);
    this.showPort(0, link.nodes[0], nodes[0], [line.x1, line.y1], [line.x2, line.y2], lab, away);
    this.showPort(1, link.nodes[1], nodes[1], [line.x2, line.y2], [line.x1, line.y1], lab, away);
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

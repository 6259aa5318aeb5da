// Links as they are shown: the wire in its own style, its load and filters, and the names of the ports at its ends.

import { classNames, s, set, setText } from "../dom.js";
import { formatRate } from "../format.js";
import { describeFilters } from "./filter_texts.js";
import { centreLabel, isPlaced, placeLabel } from "./labels.js";
import { laneOf, pointBeside } from "./lanes.js";
import { paint } from "./letters.js";
import { centreOf, sizeOf } from "./node_box.js";

const THICKEST = 40;
// GNS3 counts the types of its lines as Qt does. Lengths of strokes and gaps in widths of the line.
const DASHES = { 2: [4, 2], 3: [1, 2], 4: [4, 2, 1, 2], 5: [4, 2, 1, 2, 1, 2] };
// A name of a port begins this far from its node; every second one of narrow lanes is farther.
const [PORT_AWAY, STAGGER] = [12, 26];

export class LinkShape {
  constructor(id) {
    this.hit = s("line", { class: "hit" });
    this.wire = s("line", { class: "wire" });
    this.dot = s("circle", { class: "capture", r: 5 }, s("title", {}, "is being captured"));
    this.load = s("text", { class: "load" });
    this.filters = s("text", { class: "filters" });
    this.group = s("g", { "data-id": id, role: "button", tabindex: -1 },
      this.hit, this.wire, this.dot, this.load, this.filters);
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
    const state = { busy: bits > 0, losing: lost > 0, suspended: link.suspend, capturing: link.capturing, broken };
    set(this.hit, line);
    set(this.wire, line);
    const styled = this.applyStyle(link.link_style ?? {}, bits);
    set(this.dot, { cx: x, cy: y });
    set(this.load, alone ? { x, y: y - 6, "text-anchor": "middle" } : { x: x - 8, y: y - 3, "text-anchor": "end" });
    set(this.filters, alone ? { x, y: y + 15, "text-anchor": "middle" } : { x: x + 8, y: y - 3, "text-anchor": "start" });
    setText(this.load, bits ? formatRate(bits) + (lost >= 0.5 ? `, ${Math.round(lost)} lost/s` : "") : "");
    setText(this.filters, said);
    set(this.group, {
      class: classNames("link", { ...state, styled, selected }),
      "aria-label": `Link ${lab.linkName(link)}${said ? `, ${said}` : ""}`,
    });
    set(this.ports, { class: classNames("port-names", { "of-selected": selected }) });
    const away = PORT_AWAY + (narrow ? STAGGER : 0);
    this.showPort(0, link.nodes[0], nodes[0], [line.x1, line.y1], [line.x2, line.y2], lab, away);
    this.showPort(1, link.nodes[1], nodes[1], [line.x2, line.y2], [line.x1, line.y1], lab, away);
  }

  // The style that its user gave it: `color`, `width` in pixels, `type` of line; returns whether it has a colour.
  // Load makes a wire thicker, and what is wrong with it goes before the colour.
  applyStyle({ color, width, type }, bits) {
    const own = width > 0 ? Math.min(width, THICKEST) : 2;
    const stroke = paint(color);
    const dashes = DASHES[type]?.map((part) => part * own).join(" ") ?? "";
    this.wire.style.setProperty("--own-color", stroke);
    this.wire.style.setProperty("--own-dashes", dashes);
    this.wire.style.setProperty("--own-width", own === 2 ? "" : own);
    this.wire.style.strokeWidth = bits ? Math.max(own, Math.min(2 + Math.log10(bits + 1) / 1.6, 8)) : "";
    return stroke !== "";
  }

  // Where its user put it; else on the wire, beside the node.
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

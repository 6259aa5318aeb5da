// Shows links: the wire in its style, its load, what is set on it, and the port names at its ends.

import { arrowsAlong } from "../conditions.js";
import { classNames, s, set, setText } from "../dom.js";
import { formatRate } from "../format.js";
import { boxOfLabel, centreLabel, isPlaced, placeLabel } from "./labels.js";
import { laneOf } from "./lanes.js";
import { centreOf, sizeOf } from "./node_box.js";
import { Marks } from "./wire_marks.js";
import { faultOf, wireState } from "./wire_state.js";
import { wireStyle } from "./wire_style.js";
import { placesBeside, placesOfPort } from "./wire_texts.js";

// Distance of the sign of a capture from that of a link which passes nothing.
const BESIDE_CUT = 20;
// Stands for what is set on a wire where there is no room for it.
const SHORT = "…";

export class LinkShape {
  constructor(id) {
    this.id = id;
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

  // `room` has places for texts; `canMove`: whether signs of traffic may move along the wire.
  show(link, { lab, nodes, selected, layers, room, canMove }) {
    const z = Math.min(...nodes.map((node) => node.z));
    layers.put(this.group, z, "links");
    layers.put(this.ports, z, "ports");
    const [a, b] = nodes.map(centreOf);
    const { shift, at, alone } = laneOf(link, lab.linksOfNode, a, b);
    const line = { x1: a[0] + shift[0], y1: a[1] + shift[1], x2: b[0] + shift[0], y2: b[1] + shift[1] };
    const [x, y] = [line.x1 + at * (line.x2 - line.x1), line.y1 + at * (line.y2 - line.y1)];
    const { bits, lost } = lab.rate(link.link_id);
    const fault = faultOf(lab, link);
    const broken = fault === "broken";
    const wire = wireState({ conditions: lab.conditionsOf(link), suspended: link.suspend, broken, names: nodes.map(({ name }) => name), arrows: arrowsAlong(a, b) });
    const between = lab.hosts.areApart(link);
    const state = { between, dimmed: !lab.hosts.isShown(...nodes), busy: bits > 0, losing: lost > 0, suspended: link.suspend, capturing: link.capturing,
      broken, kept: fault === "kept", blocked: wire.cut === "blocked", "rate-limited": wire.narrow };
    set(this.hit, line);
    set(this.wire, line);
    if (between) set(this.tunnel, line);
    const style = wireStyle(link.link_style ?? {}, wire.narrow ? 0 : bits);
    for (const [name, value] of Object.entries(style)) this.wire.style.setProperty(name, value);
    this.marks.show({ ...wire, line, at: [x, y], sizes: nodes.map(sizeOf), bits: canMove && !wire.cut ? lab.bitsOfWays(link.link_id) : [0, 0] });
    const length = Math.hypot(line.x2 - line.x1, line.y2 - line.y1) || 1;
    const beside = wire.cut ? BESIDE_CUT / length : 0;
    set(this.dot, { transform: `translate(${x + beside * (line.x2 - line.x1)} ${y + beside * (line.y2 - line.y1)})` });
    const load = bits ? formatRate(bits) + (lost >= 0.5 ? `, ${Math.round(lost)} lost/s` : "") : "";
    const away = wire.cut || link.capturing ? 6 : 0; // of the texts, from a sign
    this.showTexts({ line, at, alone, away, load, filters: wire.texts.join(" · "), room, ports: this.portsOf(link, nodes, line, lab, selected || room.hasPortNames) });
    set(this.group, {
      class: classNames("link", { ...state, styled: style["--own-color"] !== "", selected }),
      "aria-label": `Link ${lab.linkName(link)}${between ? ", between hosts" : ""}${fault === "kept" ? ", not connected" : ""}${wire.said ? `, ${wire.said}` : ""}`,
    });
    set(this.ports, { class: classNames("port-names", { "of-selected": selected }) });
  }

  // What each end shows: its label with a position, or the name of its port where there is room beside the node. `isShown`: they are seen.
  portsOf(link, nodes, { x1, y1, x2, y2 }, lab, isShown) {
    return link.nodes.map((end, place) => {
      const node = nodes[place];
      if (isPlaced(end.label)) return { label: end.label, text: end.label.text, corner: [node.x, node.y], isShown };
      const [from, to] = place ? [[x2, y2], [x1, y1]] : [[x1, y1], [x2, y2]];
      return { text: lab.portName(end), from, to, size: sizeOf(node), isShown };
    });
  }

  // Texts get other places only if something about them has changed. A load stays where it is while the number changes.
  showTexts({ line, at, alone, away, load, filters, room, ports }) {
    setText(this.load, load);
    const loads = load ? placesBeside(line, at, alone, load, 1, away) : [];
    const key = JSON.stringify([line, at, alone, away, loads[0]?.box, filters, ports]);
    if (key === this.placedKey) return;
    this.placedKey = key;
    const inFull = (places, rank = 0) => places.map((place) => ({ ...place, rank }));
    const ofFilters = filters ? [...inFull(placesBeside(line, at, alone, filters, -1, away)), ...inFull(placesBeside(line, at, alone, SHORT, -1, away), 1)] : [];
    const ofPorts = ports.map(({ label, text, corner, from, to, size, isShown }) => {
      if (!isShown) return [];
      return label ? [{ rank: 0, isFixed: true, box: boxOfLabel(label, text, corner) }] : inFull(placesOfPort(from, to, size, text));
    });
    const [filtersAt, loadAt, ...portsAt] = room.place(this.id, [ofFilters, inFull(loads), ...ofPorts]);
    const isInFull = !filters || filtersAt?.rank === 0;
    setText(this.filters, isInFull ? filters : SHORT);
    showAt(this.filters, filtersAt ?? ofFilters.find(({ rank }) => rank === 1)); // that something is set on a wire is never hidden
    showAt(this.load, loadAt);
    for (const [place, port] of ports.entries()) this.showPort(this.portNames[place], port, portsAt[place]);
  }

  // Without room, a name is hidden unless nobody looks for it.
  showPort(text, { label, text: words, corner, from, to, size, isShown }, at) {
    text.classList.toggle("crowded", isShown && !label && !at);
    if (label) {
      placeLabel(text, label, words, corner);
      return;
    }
    const { x, y } = at ?? placesOfPort(from, to, size, words)[0];
    centreLabel(text, null, words, [x, y]);
  }

  // There may be room now for a text that has had none.
  tryAgain() {
    this.placedKey = null;
  }
}

function showAt(text, place) {
  text.classList.toggle("crowded", !place);
  if (place) set(text, { x: place.x, y: place.y, "text-anchor": place.anchor });
}

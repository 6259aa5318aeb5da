// Shows groups of nodes: how many there are, and which part of them is started; and the bundles of links between groups.
// Their sizes are those in the window, at every scale.

import { classNames, s, set, setText } from "../dom.js";
import { counted, formatCount } from "../format.js";

const MOST_NAMES = 3;
// The layer of most nodes.
export const LAYER = 1;
// A bundle that is shorter in the window than this has no room for its count.
const ROOM = 70;

export class GroupShape {
  constructor(id) {
    this.names = s("title");
    this.disc = s("circle", { class: "disc" });
    this.part = s("circle", { class: "part", pathLength: 100, transform: "rotate(-90)" });
    this.count = s("text", { y: 4, "text-anchor": "middle" });
    this.group = s("g", { "data-id": id, role: "button", tabindex: -1 }, this.names, this.disc, this.part, this.count);
  }

  parts() {
    return [this.group];
  }

  show({ nodes, started, kept, shown, x, y }, { scale, selected, layers }) {
    layers.put(this.group, LAYER, "groups");
    const radius = 12 + 4 * Math.log10(nodes.length);
    const states = [`${formatCount(started)} started`, ...(kept ? [`${formatCount(kept)} not run here`] : [])].join(", ");
    set(this.group, {
      transform: `translate(${x} ${y}) scale(${1 / scale})`,
      class: classNames("group", { selected, dimmed: shown === 0 }),
      "aria-label": `Group of ${counted(nodes.length, "node")}, ${states}`,
    });
    set(this.disc, { r: radius });
    set(this.part, { r: radius, "stroke-dasharray": `${(100 * started) / nodes.length} 100` });
    setText(this.count, formatCount(nodes.length));
    setText(this.names, `${namesOf(nodes)}: ${states}`);
  }
}

function namesOf(nodes) {
  const names = nodes.slice(0, MOST_NAMES).map(({ name }) => name).join(", ");
  return nodes.length > MOST_NAMES ? `${names} and ${formatCount(nodes.length - MOST_NAMES)} more` : names;
}

export class BundleShape {
  constructor() {
    this.line = s("line", { class: "wire" });
    this.count = s("text", { y: 4, "text-anchor": "middle" });
    this.group = s("g", { "aria-hidden": "true" }, this.line, this.count);
  }

  parts() {
    return [this.group];
  }

  show({ from, to, count, busy, broken }, { scale, layers }) {
    layers.put(this.group, LAYER, "bundles");
    set(this.group, { class: classNames("bundle", { busy, broken }) });
    set(this.line, { x1: from.x, y1: from.y, x2: to.x, y2: to.y, "stroke-width": Math.min(1 + Math.log2(count) / 1.5, 6) });
    const room = scale * Math.hypot(to.x - from.x, to.y - from.y) > ROOM;
    set(this.count, { transform: `translate(${(from.x + to.x) / 2} ${(from.y + to.y) / 2}) scale(${1 / scale})` });
    setText(this.count, count > 1 && room ? formatCount(count) : "");
  }
}

// Shows nodes: symbol, name, and a dot for the status.

import { at } from "../api.js";
import { classNames, s, set } from "../dom.js";
import { centreLabel, isPlaced, placeLabel } from "./labels.js";
import { sizeOf } from "./node_box.js";

const NAME_ABOVE = 8;

export class NodeShape {
  constructor(id) {
    this.image = s("image");
    this.plate = s("rect", { class: "plate", rx: 6 });
    this.ring = s("rect", { class: "ring", rx: 6, x: -5, y: -5 });
    this.label = s("text");
    this.lamp = s("circle", { class: "lamp", r: 6 });
    this.group = s("g", { "data-id": id, role: "button", tabindex: -1 },
      this.plate, this.ring, this.image, this.lamp, this.label);
  }

  parts() {
    return [this.group];
  }

  show(node, { kept, source, selected, layers }) {
    const [width, height] = sizeOf(node);
    layers.put(this.group, node.z, "nodes");
    set(this.group, {
      transform: `translate(${node.x} ${node.y})`,
      class: classNames("node", { started: node.status === "started", source, kept, selected }),
      "aria-label": `${node.name}, ${node.node_type.replaceAll("_", " ")}, ${kept ? "does not run here" : node.status}`,
    });
    set(this.image, { href: at(`/v2/symbols/${encodeURIComponent(node.symbol)}/raw`), width, height });
    set(this.plate, { width, height });
    set(this.ring, { width: width + 10, height: height + 10 });
    set(this.lamp, { cx: width - 4, cy: height - 4 });
    const { label, name } = node;
    if (isPlaced(label)) placeLabel(this.label, label, name, [0, 0]);
    else centreLabel(this.label, label?.style, name, [width / 2, -NAME_ABOVE], label?.rotation);
  }
}

// Signs on a wire: what is set on it in one direction, near the node that sends; that it passes nothing; and traffic that moves.
// Each is made when it is first needed, because most links have none.

import { s, set } from "../dom.js";
import { pointBeside } from "./lanes.js";
import { paceOf } from "./wire_state.js";

// Distance of a sign from its node, and of moving traffic from the middle of the wire: each direction keeps to its right.
const [AWAY, ASIDE] = [34, 1.4];
// Each points along the wire, away from the node that sends.
const SIGNS = {
  impaired: "M-6 -7L7 0L-6 7Z",
  narrow: "M-8 -8L6 -2V2L-8 8Z",
  blocked: "M-9 -7L2 0L-9 7ZM4 -8H8V8H4Z",
};

export class Marks {
  constructor() {
    this.group = s("g", { class: "marks", "aria-hidden": "true" });
    this.flows = [null, null];
    this.signs = [null, null];
    this.cut = null;
  }

  // `line` is the wire, `at` the place on it for a sign in its middle, `sizes` those of the nodes; `bits` are the rates that move.
  show({ line, at: [x, y], sizes, marks, cut, bits }) {
    const ends = [[line.x1, line.y1], [line.x2, line.y2]];
    for (const [end, from] of ends.entries()) {
      const to = ends[1 - end];
      this.showFlow(end, from, to, bits[end]);
      this.showSign(end, from, to, sizes[end], marks[end]);
    }
    if (cut && !this.cut) {
      this.cut = s("g", {}, s("circle", { r: 8 }), s("path", { d: "M-4 -4L4 4M4 -4L-4 4" }));
      this.group.append(this.cut);
    } else if (!cut && this.cut) {
      this.cut.remove();
      this.cut = null;
    }
    if (cut) set(this.cut, { class: `cut ${cut}`, transform: `translate(${x} ${y})` });
  }

  showFlow(end, [x1, y1], [x2, y2], bits) {
    const pace = paceOf(bits);
    if (pace === null) {
      this.flows[end]?.remove();
      this.flows[end] = null;
      return;
    }
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    const [dx, dy] = [(-(y2 - y1) / length) * ASIDE, ((x2 - x1) / length) * ASIDE];
    if (!this.flows[end]) {
      this.flows[end] = s("line", { class: "flow" });
      this.group.prepend(this.flows[end]);
    }
    set(this.flows[end], { x1: x1 + dx, y1: y1 + dy, x2: x2 + dx, y2: y2 + dy });
    this.flows[end].style.setProperty("--pace", `${pace}s`);
  }

  showSign(end, from, to, size, mark) {
    if (!mark) {
      this.signs[end]?.remove();
      this.signs[end] = null;
      return;
    }
    if (!this.signs[end]) {
      this.signs[end] = s("path");
      this.group.append(this.signs[end]);
    }
    const [x, y] = pointBeside(from, to, size, AWAY);
    const angle = (Math.atan2(to[1] - from[1], to[0] - from[0]) * 180) / Math.PI;
    set(this.signs[end], { class: `sign ${mark}`, d: SIGNS[mark], transform: `translate(${x} ${y}) rotate(${angle})` });
  }
}

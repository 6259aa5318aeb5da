// What is set on a link, in a list: each value with its direction.

import { directionText } from "../conditions.js";
import { h } from "../dom.js";

export class LinkConditions {
  constructor(lab, id) {
    Object.assign(this, { lab, id, shown: null });
    this.element = h("ul", { className: "conditions", ariaLabel: "Set on this link" });
  }

  update() {
    const link = this.lab.links.get(this.id);
    const names = this.lab.endNames(link);
    const rows = this.lab.conditionsOf(link).map(({ text, direction }) => [text, directionText(direction, names)]);
    if (link.suspend) rows.unshift(["suspended", "nothing passes"]);
    const shown = JSON.stringify(rows);
    if (shown === this.shown) return; // it changes seldom, and is drawn with every change of the link
    this.shown = shown;
    this.element.hidden = rows.length === 0;
    this.element.replaceChildren(...rows.map(([text, direction]) => h("li", {}, h("strong", {}, text), " ", h("span", { className: "hint" }, direction))));
  }
}

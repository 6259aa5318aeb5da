// The drawer below the drawing: consoles and packet lists, one tab each.

import { h } from "../dom.js";

export class Drawer {
  constructor() {
    this.tabs = h("div", { className: "tabs", role: "tablist" });
    this.panes = h("div", { className: "pane" });
    this.element = h("section", { className: "drawer", hidden: true, ariaLabel: "Consoles and packets" }, this.tabs, this.panes);
    this.open = new Map();
  }

  // Show the tab of `id`. If there is none yet, or if it has ended, `make` creates {element, close, alive, shown}.
  show(id, title, make) {
    if (this.open.get(id)?.alive() === false) this.close(id);
    if (!this.open.has(id)) {
      const content = make();
      const tab = h("button", { type: "button", role: "tab", onclick: () => this.choose(id) }, title);
      const close = h("button", { type: "button", className: "plain", ariaLabel: `Close ${title}`, onclick: () => this.close(id) }, "×");
      const place = h("span", {}, tab, close);
      this.tabs.append(place);
      this.panes.append(content.element);
      this.open.set(id, { ...content, tab, place });
    }
    this.element.hidden = false;
    this.choose(id);
    this.element.scrollIntoView({ block: "nearest" }); // on a narrow screen it is below the map
  }

  choose(id) {
    for (const [each, { tab, element }] of this.open) {
      tab.setAttribute("aria-selected", each === id);
      element.hidden = each !== id;
    }
    this.open.get(id)?.shown?.();
  }

  close(id) {
    const tab = this.open.get(id);
    if (!tab) return;
    tab.close();
    tab.place.remove();
    tab.element.remove();
    this.open.delete(id);
    const [next] = this.open.keys();
    if (next) this.choose(next);
    else this.element.hidden = true;
  }
}

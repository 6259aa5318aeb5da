// What is shown above all objects of the map, such as handles, or a line that is being drawn.

import { s, set } from "../dom.js";

export class Overlays {
  constructor() {
    this.element = s("g"); // in the coordinates of the lab
    this.shown = new Set();
  }

  // `overlay.group`, if it has one, is in the coordinates of the lab; `overlay.showView()` is called when the view has changed.
  add(overlay) {
    this.shown.add(overlay);
    if (overlay.group) this.element.append(overlay.group);
  }

  drop(overlay) {
    this.shown.delete(overlay);
    overlay.group?.remove();
  }

  showView(transform) {
    set(this.element, { transform });
    for (const overlay of this.shown) overlay.showView();
  }
}

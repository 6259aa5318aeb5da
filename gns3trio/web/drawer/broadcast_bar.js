// Tells that what is typed goes to several consoles, and to which.

import { button } from "../actions.js";
import { h, setText } from "../dom.js";
import { Broadcast } from "./broadcast.js";

export class BroadcastBar {
  // `onChange` is called when the members are others.
  constructor(onChange) {
    Object.assign(this, { onChange, isOpen: false });
    this.broadcast = new Broadcast();
    this.said = h("strong", { role: "status" });
    this.choices = h("span", { className: "buttons" });
    this.boxes = new Map(); // by id
    this.element = h("div", { className: "broadcast buttons", role: "group", ariaLabel: "Type into several consoles", hidden: true },
      this.said, this.choices, button("Stop", () => this.close()));
  }

  // Begins with these consoles.
  open(ids) {
    this.isOpen = true;
    this.broadcast.members = new Set(ids);
    this.onChange();
  }

  close() {
    this.isOpen = false;
    this.broadcast.members.clear();
    this.onChange();
  }

  // `consoles`: [id, title] of all that are open.
  draw(consoles) {
    const { members } = this.broadcast;
    const titles = new Map(consoles);
    for (const id of members) if (!titles.has(id)) members.delete(id);
    if (consoles.length < 2) {
      this.isOpen = false;
      members.clear();
    }
    this.element.hidden = !this.isOpen;
    if (!this.isOpen) return;
    for (const [id, { part }] of this.boxes) {
      if (titles.has(id)) continue;
      part.remove();
      this.boxes.delete(id);
    }
    for (const [id, title] of consoles) this.drawChoice(id, title);
    setText(this.said, this.broadcast.isOn ? `What you type goes to ${members.size} consoles:` : "Choose at least two consoles:");
  }

  drawChoice(id, title) {
    if (!this.boxes.has(id)) {
      const box = h("input", { type: "checkbox", onchange: () => {
        this.broadcast.toggle(id);
        this.onChange();
      } });
      const name = h("span");
      const part = h("label", {}, box, " ", name);
      this.boxes.set(id, { box, name, part });
      this.choices.append(part);
    }
    const { box, name } = this.boxes.get(id);
    box.checked = this.broadcast.members.has(id);
    setText(name, title);
  }
}

// The toolbar of a lab: the commands that are for it, in groups.

import { h, set, setText } from "./dom.js";
import { GROUPS } from "./commands.js";

export class Toolbar {
  // `extras`: elements by group, which are before its buttons.
  constructor(commands, extras = {}) {
    this.commands = commands;
    this.buttons = new Map(); // by id of the command
    this.groups = new Map(GROUPS.map((name) => [name, h("div", { className: "tool-group", hidden: true }, extras[name] ?? [])]));
    this.element = h("div", { className: "tools" }, [...this.groups.values()]);
    this.update();
  }

  // Shows which commands there are now, and which of them are possible.
  update() {
    const target = this.commands.targetOf();
    const shown = this.commands.at("toolbar", target);
    for (const button of this.buttons.values()) button.hidden = true;
    for (const command of shown) this.showButton(command, target);
  }

  showButton(command, target) {
    if (!this.buttons.has(command.id)) {
      const made = h("button", { type: "button", onclick: () => this.commands.run(command.id) });
      this.buttons.set(command.id, made);
      const group = this.groups.get(command.group);
      group.append(made);
      group.hidden = false;
    }
    const button = this.buttons.get(command.id);
    const title = this.commands.title(command, target);
    button.hidden = false;
    setText(button, command.text ?? title);
    set(button, { "aria-label": title, title: this.commands.describe(command, target) });
    if (command.isPressed) set(button, { "aria-pressed": Boolean(command.isPressed(target)) });
    set(button, { "aria-disabled": this.commands.refusal(command, target) !== "" });
  }
}

// The toolbar of a lab: the commands that are for it, in groups, each a button with an icon. Arrow keys move within it.

import { enable } from "./actions.js";
import { GROUPS, GROUP_TITLES } from "./commands.js";
import { h, set, setText } from "./dom.js";
import { icon } from "./icons.js";
import { nextTab } from "./panels/tabs.js";

export class Toolbar {
  // `extras`: elements by group, which are before its buttons.
  constructor(commands, extras = {}) {
    this.commands = commands;
    this.extras = extras;
    this.buttons = new Map(); // by id of the command
    this.groups = new Map(); // by name
    this.element = h("div", { className: "tools", role: "toolbar", ariaLabel: "Tools", onkeydown: (event) => this.pressKey(event), onfocusin: (event) => this.keepReachable(event.target) });
    this.update();
  }

  // Shows which commands there are now, and which of them are possible.
  update() {
    const target = this.commands.targetOf();
    const shown = this.commands.at("toolbar", target);
    for (const command of shown) this.showButton(command, target);
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, { button }] of this.buttons) button.hidden = !ids.has(id);
    for (const [name, group] of this.groups) group.hidden = !(name in this.extras) && ![...group.children].some((each) => !each.hidden);
    if (!this.reachable || this.reachable.hidden) this.keepReachable(this.all()[0]);
  }

  showButton(command, target) {
    const { button, text } = this.buttons.get(command.id) ?? this.makeButton(command);
    const title = this.commands.title(command, target);
    setText(text, command.text ?? title);
    set(button, { "aria-label": title, title: this.commands.describe(command, target) });
    if (command.isPressed) set(button, { "aria-pressed": Boolean(command.isPressed(target)) });
    enable(button, this.commands.refusal(command, target) === "");
  }

  makeButton(command) {
    const text = h("span", { className: "text" });
    const button = h("button", { type: "button", className: "tool", tabIndex: -1, onclick: () => this.commands.run(command.id) },
      command.icon ? icon(command.icon) : null, text);
    this.groupOf(command.group).append(button);
    button.dataset.command = command.id;
    const made = { button, text };
    this.buttons.set(command.id, made);
    return made;
  }

  groupOf(name) {
    if (!this.groups.has(name)) {
      const group = h("div", { className: `tool-group of-${name}`, role: "group", ariaLabel: GROUP_TITLES[name] }, this.extras[name] ?? null);
      this.groups.set(name, group);
      this.element.append(...GROUPS.filter((each) => this.groups.has(each)).map((each) => this.groups.get(each)));
    }
    return this.groups.get(name);
  }

  // --- keys: one button is in the tab order; the arrow keys move from there ---

  all() {
    return [...this.element.querySelectorAll("button.tool")].filter((each) => !each.hidden);
  }

  keepReachable(button) {
    if (!button?.classList.contains("tool") || button === this.reachable) return;
    if (this.reachable) this.reachable.tabIndex = -1;
    button.tabIndex = 0;
    this.reachable = button;
  }

  pressKey(event) {
    const buttons = this.all();
    const place = buttons.indexOf(document.activeElement);
    const next = place < 0 ? undefined : nextTab(event.key, place, buttons.length);
    if (next === undefined) return;
    buttons[next].focus();
    buttons[next].scrollIntoView({ block: "nearest", inline: "nearest" });
    event.preventDefault();
    event.stopPropagation();
  }
}

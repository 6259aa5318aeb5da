// The toolbar of a lab: the commands that are for it, in groups, each a button with an icon. Arrow keys move within it. It is one row: what
// has no room there is in a menu at its end. On the screen of a phone the row can be moved instead.

import { enable } from "./actions.js";
import { GROUPS, GROUP_TITLES } from "./commands.js";
import { h, set, setText } from "./dom.js";
import { openMenu } from "./edit/context_menu.js";
import { icon } from "./icons.js";
import { nextTab } from "./panels/tabs.js";

// Those that go into the menu first, if there is no room for all.
const LESS_NEEDED = ["notes", "snap", "grid", "port-names", "mesh", "keys", "add-picture", "add-line", "add-ellipse", "add-rectangle", "add-note", "paste", "copy", "select-area", "project-settings", "snapshots", "arrange"];
const [MORE_WIDE, BETWEEN] = [34, 2]; // pixels: the button of the menu, and between buttons
const NARROW = "(max-width: 50rem)"; // as in style/phone.css

export class Toolbar {
  // `extras`: elements by group, which are before its buttons. `place`: which commands it has.
  constructor(commands, { extras = {}, place = "toolbar", label = "Tools", className = "tools" } = {}) {
    Object.assign(this, { commands, extras, place });
    this.buttons = new Map(); // by id of the command
    this.groups = new Map(); // by name
    this.element = h("div", { className, role: "toolbar", ariaLabel: label, onkeydown: (event) => this.pressKey(event), onfocusin: (event) => this.keepReachable(event.target) });
    this.inMenu = new Set(); // ids of the commands that have no room
    this.more = h("button", { type: "button", className: "tool", tabIndex: -1, title: "More tools", ariaLabel: "More tools", ariaHasPopup: "menu", hidden: true, onclick: () => this.openMore() }, icon("more"));
    this.update();
    const sizes = new ResizeObserver(() => this.fit());
    for (const element of [this.element, ...Object.values(extras).flat()]) sizes.observe(element);
  }

  // Shows which commands there are now, and which of them are possible.
  update() {
    const target = this.commands.targetOf();
    const shown = this.commands.at(this.place, target);
    for (const command of shown) this.showButton(command, target);
    const ids = shown.map(({ id }) => id);
    const isSame = String(ids) === String(this.ids);
    this.ids = ids;
    if (isSame) this.showParts();
    else this.fit();
  }

  showParts() {
    const ids = new Set(this.ids);
    for (const [id, { button }] of this.buttons) button.hidden = !ids.has(id) || this.inMenu.has(id);
    for (const [name, group] of this.groups) group.hidden = !(name in this.extras) && ![...group.children].some((each) => !each.hidden);
    this.more.hidden = this.inMenu.size === 0;
    if (!this.reachable || this.reachable.hidden) this.keepReachable(this.all()[0]);
  }

  // Shows the names of all commands, of some or of none, as there is room in one row. Without room, some are moved into the menu.
  fit() {
    this.inMenu.clear();
    this.showParts();
    if (matchMedia(NARROW).matches || !this.element.clientWidth) return;
    const { paddingLeft, paddingRight } = getComputedStyle(this.element);
    const room = this.element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    let over = 0;
    for (const names of ["all", "some", "none"]) {
      this.element.dataset.names = names;
      over = [...this.groups.values()].reduce((sum, group) => sum + group.offsetWidth, -room);
      if (over <= 0) return;
    }
    over += MORE_WIDE;
    const widths = new Map(this.ids.map((id) => [id, this.buttons.get(id).button.offsetWidth + BETWEEN]));
    for (const id of [...LESS_NEEDED, ...this.ids.toReversed()]) {
      if (over <= 0) break;
      if (!widths.has(id) || this.inMenu.has(id)) continue;
      this.inMenu.add(id);
      over -= widths.get(id);
    }
    this.showParts();
  }

  openMore() {
    const { left, bottom } = this.more.getBoundingClientRect();
    const target = this.commands.targetOf();
    openMenu(this.commands, target, [left, bottom], { name: "More tools", focused: this.more, shown: this.commands.at(this.place, target).filter(({ id }) => this.inMenu.has(id)) });
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
      this.element.append(...GROUPS.filter((each) => this.groups.has(each)).map((each) => this.groups.get(each)), this.more);
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

// The panel of several selected objects: how many there are, what can be done with them, the kinds to which the selection can be
// narrowed, and a list of them.

import { button as actionButton } from "../actions.js";
import { h, setText } from "../dom.js";
import { countKinds, describeCounts, groupsOf } from "../object_names.js";
import { commandButton } from "./command_button.js";
import { WindowedList } from "./windowed_list.js";

const DRAW_EVERY_MS = 200;

export class SeveralPanel {
  constructor(side, { lab, graph, commands }) {
    Object.assign(this, { lab, graph, commands, id: null, timer: null });
    this.title = h("h2");
    this.buttons = h("p", { className: "buttons" });
    this.made = new Map(); // {button, update} by id of the command
    this.narrowing = h("div");
    this.list = new WindowedList(({ id }) => this.makeRow(id));
    this.parts = h("div", { className: "overview" }, this.title, this.buttons, this.narrowing, h("h3", {}, "Selected"), this.list.element);
    side.replaceChildren(this.parts);
    this.draw();
  }

  alive() {
    return this.graph.selection.size > 1 && !this.graph.selection.isLed && this.parts.isConnected;
  }

  close() {
    clearTimeout(this.timer);
    this.list.close();
  }

  // A band that is drawn selects others many times a second.
  update() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      if (this.alive()) this.draw();
    }, DRAW_EVERY_MS);
  }

  draw() {
    const { lab, graph } = this;
    const target = graph.target();
    setText(this.title, describeCounts(countKinds(lab, target.ids)));
    this.showButtons(target);
    this.showNarrowing(target);
    this.list.show(target.ids.map((id) => ({ id })));
  }

  showButtons(target) {
    const shown = this.commands.at("several", target);
    for (const command of shown) {
      if (!this.made.has(command.id)) this.made.set(command.id, commandButton(this.commands, command, () => this.graph.target()));
      const { button, update } = this.made.get(command.id);
      update();
      if (!button.isConnected) this.buttons.append(button);
    }
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, { button }] of this.made) button.hidden = !ids.has(id);
  }

  // A band surrounds links and drawings, too: a press keeps those of one kind.
  showNarrowing({ ids }) {
    const groups = groupsOf(this.lab, ids);
    const key = groups.map(({ name }) => name).join("\n");
    if (this.narrowed === key) return;
    this.narrowed = key;
    this.narrowing.replaceChildren(...(groups.length < 2 ? [] : [h("h3", {}, "Keep only"), h("p", { className: "buttons" },
      groups.map(({ name, title }) => actionButton(name, () => this.keepOnly(title))))]));
  }

  keepOnly(title) {
    const kept = groupsOf(this.lab, this.graph.target().ids).find((group) => group.title === title)?.ids ?? [];
    this.graph.selectAll(kept);
    this.graph.focus(kept[0]); // the button is gone
  }

  makeRow(id) {
    const [name, kind] = [h("span", { className: "name" }), h("span", { className: "hint" })];
    const update = () => {
      const said = this.lab.nameOf(id);
      setText(name, this.lab.links.has(id) ? this.lab.linkName(this.lab.links.get(id)) : said);
      name.title = said;
      setText(kind, this.lab.kindOf(id) ?? "");
    };
    return { button: h("button", { type: "button", onclick: () => this.graph.exists(id) && this.graph.select(id, true) }, name, kind), update };
  }
}

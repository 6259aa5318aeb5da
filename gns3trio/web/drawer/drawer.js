// The drawer below the drawing: consoles, packet lists and other things in tabs, one shown or several side by side.

import { button } from "../actions.js";
import { h, setText } from "../dom.js";
import { icon } from "../icons.js";
import { BroadcastBar } from "./broadcast_bar.js";
import { DrawerHeight } from "./drawer_height.js";
import { FullView, keepFocus } from "./full_view.js";
import { TabState } from "./tab_state.js";

let drawers = 0;

export class Drawer {
  // `onChange` is called when other tabs are open or shown.
  constructor(onChange = () => {}) {
    Object.assign(this, { onChange, number: (drawers += 1), made: 0 });
    this.state = new TabState();
    this.open = new Map(); // by id: {content, title, tab, panel, head, stored}
    this.tabs = h("div", { className: "tabs", role: "tablist", "aria-label": "Consoles and packets", "aria-multiselectable": true,
      onkeydown: (event) => this.pressKey(event) });
    this.everyone = new BroadcastBar(() => this.draw());
    this.panes = h("div", { className: "panes" });
    this.element = h("section", { className: "drawer", hidden: true, ariaLabel: "Consoles and packets" });
    this.full = new FullView(this.element, (isOn) => this.showFull(isOn));
    this.bar = h("div", { className: "drawer-bar" }, this.tabs, this.makeTools());
    this.element.append(this.bar, this.everyone.element, this.panes);
    this.height = new DrawerHeight(this.element);
    this.element.insertBefore(this.height.element, this.bar);
  }

  makeTools() {
    const tool = (name, title, action) => button(icon(name), action, { title, ariaLabel: title, className: "plain", onmousedown: keepFocus });
    this.tools = {
      find: tool("search", "Find in this console (Ctrl+Shift+F)", () => this.content.find()),
      everyone: tool("keyboard", "Type into several consoles at once", () => this.toggleBroadcast()),
      split: tool("split", "Side by side (Ctrl+click on a tab adds it or takes it away)", () => this.change(() => this.state.toggleSplit())),
      full: this.full.button,
      popOut: tool("pop-out", "In a window of its own", () => this.popOut()),
      close: tool("close", "Close", () => this.close(this.state.chosen)),
    };
    return h("div", { className: "drawer-tools" }, Object.values(this.tools));
  }

  // The content of the chosen tab.
  get content() {
    return this.open.get(this.state.chosen)?.content;
  }

  // Show the tab of `id`. If there is none yet, or if it has ended, `make` creates its content: {element, close(), alive(), shown()},
  // which may also have find(), popOut() and type(text). `stored` is what is remembered of the tab, if it can be opened again;
  // without `focus` the focus stays where it is.
  show(id, title, make, { stored = null, focus = true } = {}) {
    if (this.open.get(id)?.content.alive() === false) this.remove(id);
    if (this.element.hidden) this.openedFrom = document.activeElement;
    if (!this.open.has(id)) this.open.set(id, { ...this.makeTab(id, title, make()), stored });
    this.element.hidden = false;
    this.choose(id, focus);
    if (!focus) return;
    this.element.scrollIntoView({ block: "nearest" }); // on a narrow screen it is below the map
    this.element.dispatchEvent(new Event("asked")); // for what may lie over it
  }

  makeTab(id, title, content) {
    const name = `drawer-${this.number}-${(this.made += 1)}`;
    const cross = h("span", { className: "cross", "aria-hidden": true, title: "Close" }, "×"); // for the mouse; keys have Delete and the button
    const tab = h("button", { type: "button", role: "tab", id: `${name}-tab`, "aria-controls": name, "aria-keyshortcuts": "Delete",
      onclick: (event) => this.press(event, id, cross), onauxclick: (event) => event.button === 1 && this.close(id) },
    h("span", { className: "name" }, title), cross);
    const head = h("p", { className: "head" }, title);
    const panel = h("div", { className: "panel", role: "tabpanel", id: name, "aria-labelledby": `${name}-tab`,
      onfocusin: () => this.change(() => this.state.choose(id)) }, head, content.element);
    this.tabs.append(tab);
    this.panes.append(panel);
    return { content, title, tab, panel, head };
  }

  rename(id, title) {
    const each = this.open.get(id);
    if (!each || each.title === title) return;
    each.title = title;
    setText(each.tab.children[0], title);
    setText(each.head, title);
    this.draw();
  }

  press(event, id, cross) {
    if (event.target === cross) this.close(id);
    else if (event.ctrlKey || event.metaKey) this.change(() => this.state.toggleBeside(id));
    else this.choose(id);
  }

  choose(id, focus = true) {
    if (!this.open.has(id)) return;
    this.change(() => (this.state.ids.includes(id) ? this.state.choose(id) : this.state.add(id)));
    if (focus) this.content.shown?.();
  }

  close(id) {
    if (!this.open.has(id)) return;
    const { tab, panel } = this.open.get(id);
    const had = [tab, panel, this.tools.close].some((part) => part.contains(document.activeElement));
    this.remove(id);
    if (!this.open.size) this.openedFrom?.focus?.();
    else if (had) this.open.get(this.state.chosen).tab.focus();
  }

  remove(id) {
    const { content, tab, panel } = this.open.get(id);
    content.close();
    tab.remove();
    panel.remove();
    this.open.delete(id);
    this.change(() => this.state.remove(id));
  }

  // Ends all that is in the drawer. What is remembered of its tabs stays.
  end() {
    this.onChange = () => {};
    for (const id of this.open.keys()) this.remove(id);
  }

  change(action) {
    const before = this.summary();
    action();
    if (this.summary() !== before) this.draw();
  }

  summary() {
    const { ids, chosen, shown } = this.state;
    return JSON.stringify([ids, chosen, shown]);
  }

  draw() {
    const { chosen, shown, ids } = this.state;
    const consoles = [...this.open].filter(([, { content }]) => content.type).map(([id, { title }]) => [id, title]);
    this.everyone.draw(consoles);
    const { broadcast } = this.everyone;
    for (const [id, { tab, panel }] of this.open) {
      const isShown = shown.includes(id);
      const isMember = broadcast.isOn && broadcast.members.has(id);
      tab.setAttribute("aria-selected", isShown);
      tab.setAttribute("tabindex", id === chosen ? 0 : -1);
      panel.hidden = !isShown;
      for (const part of [tab, panel]) {
        part.classList.toggle("chosen", id === chosen);
        part.classList.toggle("member", isMember);
      }
    }
    this.panes.classList.toggle("split", shown.length > 1);
    this.panes.style.setProperty("--columns", shown.length > 3 ? Math.ceil(shown.length / 2) : Math.max(shown.length, 1));
    this.drawTools(consoles);
    this.element.hidden = ids.length === 0;
    if (ids.length) this.height.tell();
    else this.full.set(false);
    this.onChange();
  }

  drawTools(consoles) {
    const { content, state, tools } = this;
    const name = this.open.get(state.chosen)?.title ?? "";
    tools.find.hidden = !content?.find;
    tools.popOut.hidden = !content?.popOut;
    tools.everyone.hidden = consoles.length < 2;
    tools.split.hidden = state.ids.length < 2;
    tools.everyone.setAttribute("aria-pressed", this.everyone.isOpen);
    tools.split.setAttribute("aria-pressed", state.split);
    tools.close.setAttribute("aria-label", `Close ${name}`);
    tools.close.setAttribute("title", `Close ${name}`);
  }

  // Beside the drawer nothing is seen then, so nothing there keeps the focus.
  showFull(isOn) {
    if (isOn && !this.element.contains(document.activeElement)) this.content?.shown?.();
    this.draw();
  }

  pressKey(event) {
    const id = this.state.chosen;
    const next = event.ctrlKey || event.altKey || event.metaKey ? undefined : this.state.after(id, event.key);
    if (next !== undefined) {
      this.choose(next, false);
      this.open.get(next).tab.focus();
    } else if (event.key === "Delete") {
      this.close(id);
    } else if (event.key === "ArrowDown") {
      this.content.shown?.();
    } else {
      return;
    }
    event.preventDefault();
  }

  // The keys of a console that lead out of it.
  follow(action) {
    const { chosen } = this.state;
    if (action === "leave") this.open.get(chosen)?.tab.focus();
    else this.choose(this.state.after(chosen, action === "next tab" ? "ArrowRight" : "ArrowLeft"));
  }

  // What was typed into the console of a tab.
  typed(id, text) {
    for (const target of this.everyone.broadcast.targets(id, text)) this.open.get(target)?.content.type(text);
  }

  toggleBroadcast() {
    const { everyone, open, state } = this;
    if (everyone.isOpen) everyone.close();
    else everyone.open((state.split ? state.shown : state.ids).filter((id) => open.get(id).content.type));
  }

  // The tab closes when its window is there.
  popOut() {
    const { chosen } = this.state;
    if (this.content.popOut()) this.close(chosen);
  }
}

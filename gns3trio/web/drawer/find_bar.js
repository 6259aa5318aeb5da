// Finds a text in what a terminal shows, and in what has left its screen.

import { button } from "../actions.js";
import { h, setText } from "../dom.js";
import { icon } from "../icons.js";
import { findInLines, linesOf } from "./scrollback_search.js";

const LONGEST_TEXT = 200;

export class FindBar {
  // `onClose` is called when the user is done.
  constructor(terminal, onClose) {
    Object.assign(this, { terminal, onClose, found: [], place: -1 });
    this.input = h("input", { type: "search", ariaLabel: "Find in this console", placeholder: "Find", maxLength: LONGEST_TEXT,
      oninput: () => this.search(), onkeydown: (event) => this.pressKey(event) });
    this.told = h("span", { className: "hint", role: "status" });
    this.element = h("div", { className: "find buttons", role: "search", hidden: true }, this.input, this.told,
      iconButton("up", "Previous place", () => this.go(-1)), iconButton("down", "Next place", () => this.go(1)),
      iconButton("close", "Close the search", () => this.close()));
  }

  open() {
    this.element.hidden = false;
    const selected = this.terminal.getSelection();
    if (selected && !selected.includes("\n")) this.input.value = selected.slice(0, LONGEST_TEXT);
    this.input.select();
    this.input.focus();
    this.search();
  }

  close() {
    this.element.hidden = true;
    this.terminal.clearSelection();
    this.onClose();
  }

  pressKey(event) {
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter") this.go(event.shiftKey ? 1 : -1); // upwards first: what is new is below
    else return;
    event.preventDefault();
  }

  // The last place is shown first.
  search() {
    this.read();
    this.place = this.found.length - 1;
    this.show();
  }

  go(step) {
    const { place } = this;
    this.read(); // the node may have printed meanwhile
    const count = this.found.length;
    this.place = count ? (Math.min(place, count) + step + count) % count : -1;
    this.show();
  }

  read() {
    const { terminal } = this;
    this.found = this.input.value ? findInLines(linesOf(terminal.buffer.active, terminal.cols), this.input.value, terminal.cols) : [];
  }

  show() {
    const { terminal, found, place } = this;
    setText(this.told, this.input.value ? (found.length ? `${place + 1} of ${found.length}` : "Not found") : "");
    if (place < 0) {
      terminal.clearSelection();
      return;
    }
    const { row, column, length } = found[place];
    terminal.select(column, row, length);
    terminal.scrollToLine(Math.max(row - Math.floor(terminal.rows / 2), 0));
  }
}

const iconButton = (name, title, action) => button(icon(name), action, { title, ariaLabel: title, className: "plain" });

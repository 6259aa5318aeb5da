// A list of any length, of which only the rows in view are elements. All rows have the same height.

import { h } from "../dom.js";

// Pixels, as in style/panels.css: fingers need more.
export const ROW = globalThis.matchMedia?.("(pointer: coarse)").matches ? 44 : 28;
// Rows above and below the view, so that none is missing while the list scrolls.
const BEYOND = 6;

// The first row to show, and the one after the last, for a list of `count` rows.
export function rowsInView(top, height, count, row = ROW) {
  const first = Math.max(Math.floor(top / row) - BEYOND, 0);
  return [Math.min(first, count), Math.min(Math.ceil((top + height) / row) + BEYOND, count)];
}

export class WindowedList {
  // `make(item)` returns a row: a button, and `update(item)`, which shows its present state. Items have an `id` that stays.
  constructor(make) {
    this.make = make;
    this.items = [];
    this.rows = new Map(); // by id: {element, button, update}
    this.list = h("ul", { className: "list" });
    this.element = h("div", { className: "rows", onscroll: () => this.draw(), onkeydown: (event) => this.pressKey(event) }, this.list);
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.element);
  }

  // Lets go of a list that is not shown any more.
  close() {
    this.resizing.disconnect();
  }

  show(items) {
    this.items = items;
    this.list.style.height = `${ROW * items.length}px`;
    this.draw();
  }

  draw() {
    const [first, end] = rowsInView(this.element.scrollTop, this.element.clientHeight, this.items.length);
    const shown = new Set();
    for (let place = first; place < end; place += 1) {
      const item = this.items[place];
      shown.add(item.id);
      this.showRow(item, place);
    }
    for (const [id, { element }] of this.rows) {
      if (shown.has(id)) continue;
      element.remove();
      this.rows.delete(id);
    }
  }

  showRow(item, place) {
    if (!this.rows.has(item.id)) {
      const row = this.make(item);
      row.element = h("li", {}, row.button);
      this.rows.set(item.id, row);
    }
    const { element, update } = this.rows.get(item.id);
    update(item);
    element.style.top = `${ROW * place}px`;
    element.setAttribute("aria-posinset", place + 1);
    element.setAttribute("aria-setsize", this.items.length);
    // Rows are in their order for the Tab key; a row that has the focus is not moved, or would lose it.
    const before = this.rows.get(this.items[place - 1]?.id)?.element ?? null;
    if (!element.parentNode || (element.previousElementSibling !== before && !element.contains(document.activeElement))) {
      if (before) before.after(element);
      else this.list.prepend(element);
    }
  }

  // Moves the focus to a row, and the row into view.
  focus(place) {
    const item = this.items[Math.min(Math.max(place, 0), this.items.length - 1)];
    if (!item) return;
    this.scrollTo(this.items.indexOf(item));
    this.draw();
    this.rows.get(item.id).button.focus({ preventScroll: true }); // a disabled one does not take it
  }

  scrollTo(place) {
    const { scrollTop, clientHeight } = this.element;
    if (ROW * place < scrollTop) this.element.scrollTop = ROW * place;
    else if (ROW * (place + 1) > scrollTop + clientHeight) this.element.scrollTop = ROW * (place + 1) - clientHeight;
  }

  pressKey(event) {
    const row = [...this.rows].find(([, { button }]) => button === document.activeElement);
    if (!row) return;
    const place = this.items.findIndex(({ id }) => id === row[0]);
    const page = Math.max(Math.floor(this.element.clientHeight / ROW) - 1, 1);
    const next = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + page, PageUp: place - page, Home: 0, End: this.items.length - 1 }[event.key];
    if (next === undefined) return;
    this.focus(next);
    event.preventDefault();
  }
}

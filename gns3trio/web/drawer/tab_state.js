// Which tabs there are, which of them is chosen, and which are shown side by side.

import { nextTab } from "../panels/tabs.js";

export const MOST_BESIDE = 6;

export class TabState {
  constructor() {
    this.ids = []; // in the order of their tabs
    this.chosen = null; // the tab that has the keys
    this.split = false;
    this.beside = new Set(); // those that are shown, while the drawer is split
  }

  get shown() {
    if (this.chosen === null) return [];
    return this.split ? this.ids.filter((id) => this.beside.has(id)) : [this.chosen];
  }

  add(id) {
    if (!this.ids.includes(id)) this.ids.push(id);
    this.choose(id);
  }

  // In a split drawer it is shown beside the others; if these are too many, instead of the one that was chosen before.
  choose(id) {
    if (this.split && !this.beside.has(id)) {
      if (this.beside.size >= MOST_BESIDE) this.beside.delete(this.chosen);
      this.beside.add(id);
    }
    this.chosen = id;
  }

  // The tab that takes the place of a closed one is chosen.
  remove(id) {
    const place = this.ids.indexOf(id);
    if (place < 0) return;
    this.ids.splice(place, 1);
    this.beside.delete(id);
    if (this.beside.size < 2) this.split = false;
    if (this.chosen !== id) return;
    const beside = this.split ? this.shown[0] : undefined;
    this.chosen = beside ?? this.ids[Math.min(place, this.ids.length - 1)] ?? null;
  }

  // Shows all tabs side by side, as many as have room, or only the chosen one.
  toggleSplit() {
    this.split = !this.split && this.ids.length > 1;
    const others = this.ids.filter((id) => id !== this.chosen).slice(0, MOST_BESIDE - 1);
    this.beside = new Set(this.split ? [this.chosen, ...others] : []);
  }

  // Shows a tab beside the others, or takes it away from there.
  toggleBeside(id) {
    if (!this.split) {
      if (id === this.chosen) return;
      this.split = true;
      this.beside = new Set([this.chosen]);
      this.choose(id);
    } else if (!this.beside.has(id)) {
      this.choose(id);
    } else if (this.beside.size > 1) {
      this.beside.delete(id);
      if (this.chosen === id) this.chosen = this.shown[0];
      if (this.beside.size === 1) this.split = false;
    }
  }

  // What was chosen and shown before the page was loaded again.
  showAgain({ chosen, beside }) {
    const there = beside.filter((id) => this.ids.includes(id)).slice(0, MOST_BESIDE);
    if (this.ids.includes(chosen)) this.chosen = chosen;
    this.split = there.length > 1 && there.includes(this.chosen);
    this.beside = new Set(this.split ? there : []);
  }

  // The tab to which a key leads from another one; undefined if it leads to none.
  after(id, key) {
    const place = this.ids.indexOf(id);
    return place < 0 ? undefined : this.ids[nextTab(key, place, this.ids.length)];
  }
}

// The pairs of a mesh as a list with columns, in an order that can be chosen. Only rows in view are elements.

import { h } from "../dom.js";
import { WindowedList } from "../panels/windowed_list.js";
import { MEASURES, describePair, endsOf, sortedPairs } from "./mesh_report.js";

const COLUMNS = [["sender", "From"], ["receiver", "To"], ["loss", "Loss"], ["p50", "Median"], ["p99", "99 %"], ["roundTrip", "Round trip"], ["rate", "Rate"]];

export class PairList {
  // `onChoose(pair)` is called for a row that is pressed.
  constructor(report, onChoose) {
    Object.assign(this, { report, onChoose, by: "loss", turned: false });
    this.columns = COLUMNS.filter(([by]) => by !== "roundTrip" || report.pairs.some(({ round_trip }) => round_trip));
    this.heads = new Map(this.columns.map(([by, text]) =>
      [by, h("button", { type: "button", className: "plain", title: MEASURES[by]?.title ?? text, onclick: () => this.order(by) }, text)]));
    this.rows = new WindowedList((item) => this.makeRow(item));
    this.rows.list.ariaLabel = "Pairs";
    this.element = h("div", { className: `pairs columns${this.columns.length}` }, h("div", { className: "heads", role: "group", ariaLabel: "Order of the pairs" }, [...this.heads.values()]), this.rows.element);
    this.show();
  }

  close() {
    this.rows.close();
  }

  // Once more turns the order round.
  order(by) {
    this.turned = by === this.by && !this.turned;
    this.by = by;
    this.show();
    this.rows.element.scrollTop = 0;
    this.rows.draw();
  }

  show() {
    for (const [by, head] of this.heads) {
      head.setAttribute("aria-pressed", by === this.by);
      head.dataset.order = by === this.by ? (this.turned ? "turned" : "worst") : "";
    }
    this.rows.show(sortedPairs(this.report, this.by, this.turned).map((id) => ({ id })));
  }

  makeRow({ id }) {
    const pair = this.report.pairs[id];
    const names = [pair.sender, pair.receiver].map((place) => this.report.nodes[place].name);
    const texts = this.columns.map(([by], place) => {
      const value = MEASURES[by]?.value(pair);
      return h("span", { className: place < 2 ? "name" : "number" }, place < 2 ? names[place] : value === null ? "–" : MEASURES[by].format(value));
    });
    const button = h("button", { type: "button", title: endsOf(this.report, pair), ariaLabel: describePair(this.report, pair), onclick: () => this.onChoose(pair) }, texts);
    return { button, update: () => {} };
  }
}

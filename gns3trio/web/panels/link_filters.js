// The filters of a link as sliders and numbers. A change is merged into the server's newest values, so that changes of other clients
// are kept. A field shows the server's value unless the user is editing it.

import { act, button } from "../actions.js";
import { get, put } from "../api.js";
import { h, setText } from "../dom.js";
import { tell } from "../messages.js";
import { ChangeQueue } from "./change_queue.js";
import { SLIDERS, changeFilters, changeImpairments, describeHidden, filterValue, ownSliders, ownValue } from "./filter_values.js";

export class LinkFilters {
  constructor(lab, id) {
    Object.assign(this, { lab, id, path: `${lab.path}/links/${id}` });
    this.fields = new Map(); // by key: the input, the slider if there is one, and how to read its value
    this.edited = new Set(); // keys of fields that the user is editing
    this.changes = { // GNS3's filters and the impairments are set by different requests
      filters: new ChangeQueue((changes) => this.applyFilters(changes)),
      own: new ChangeQueue((changes) => this.applyOwn(changes)),
    };
    this.own = { impairments: [], seed: null };
    this.ownSliders = ownSliders(lab.impairmentTypes);
    this.reads = 0;
    this.others = h("p", { className: "hint" });
    this.parts = [
      SLIDERS.map(([name, place, ...shown]) => this.makeSlider("filters", `${name} ${place}`, ...shown)),
      this.ownSliders.map(({ type, label, unit, maximum }) => this.makeSlider("own", type, label, unit, maximum)),
      this.makeField("frequency_drop 0", "Drop each n-th frame (0 none, −1 all)", { type: "number", min: -1, max: 32767 }),
      this.makeField("bpf 0", "Drop what matches (BPF)", { placeholder: "icmp", spellcheck: false }),
      this.others, button("Clear filters", () => this.clear()),
    ];
  }

  get link() {
    return this.lab.links.get(this.id);
  }

  makeSlider(kind, key, label, unit, most) {
    const input = h("input", { type: "number", min: 0, value: 0, ariaLabel: `${label} in ${unit}` });
    const range = h("input", { type: "range", min: 0, max: most, value: 0, ariaLabel: label, id: `slider-${key.replace(" ", "-")}` });
    range.addEventListener("input", act(() => { input.value = range.value; return this.change(kind, key); }));
    this.watch(kind, key, input, range);
    return h("div", { className: "slider" }, h("span", {}, `${label} ${unit}`), range, input);
  }

  makeField(key, label, properties) {
    const input = h("input", properties);
    this.watch("filters", key, input);
    return h("label", { className: "field" }, h("span", {}, label), input);
  }

  watch(kind, key, input, range) {
    this.fields.set(key, { kind, input, range });
    input.addEventListener("input", () => this.edited.add(key));
    input.addEventListener("change", act(() => { if (range) range.value = input.value; return this.change(kind, key); }));
    input.addEventListener("blur", () => { this.edited.delete(key); this.draw(); }); // edited, but the value is unchanged
  }

  // --- showing ---

  // The link may have changed meanwhile.
  update() {
    if (this.link === this.seen) return;
    this.seen = this.link;
    this.draw();
    act(() => this.readOwn())();
  }

  valueOf(kind, key) {
    return kind === "filters" ? filterValue(this.link?.filters, key) : ownValue(this.own.impairments, this.ownSliders.find(({ type }) => type === key));
  }

  draw() {
    for (const [key, { kind, input, range }] of this.fields) {
      const changes = this.changes[kind];
      input.setAttribute("aria-invalid", changes.refused.has(key));
      if (this.edited.has(key) || changes.holds(key) || range?.matches(":active")) continue;
      const value = String(this.valueOf(kind, key));
      if (input.value !== value) input.value = value;
      if (range) range.value = value;
    }
    setText(this.others, describeHidden(this.own.impairments, this.ownSliders));
  }

  async readOwn() {
    const read = ++this.reads;
    const own = await get(`${this.path}/impairments`);
    if (read === this.reads) this.showOwn(own); // or it is older than the displayed values
  }

  showOwn(own) {
    this.own = own;
    this.draw();
  }

  // --- changing ---

  async change(kind, key) {
    this.edited.delete(key);
    try {
      await this.changes[kind].change(key, this.fields.get(key).input.value);
    } finally {
      if (!this.changes[kind].sending) this.draw();
    }
  }

  async applyFilters(changes) {
    const before = this.link;
    if (!before) return; // it was deleted meanwhile
    const { filters, jitterAlone } = changeFilters(before.filters, changes);
    if (jitterAlone) tell("Jitter needs a delay that it varies.", "warning");
    const after = await put(this.path, { filters });
    if (this.link === before) this.lab.apply("link.updated", after); // or an event has already brought this change, and perhaps newer ones
  }

  async applyOwn(changes) {
    const path = `${this.path}/impairments`;
    const { impairments, seed } = await get(path);
    const own = await put(path, { impairments: changeImpairments(impairments, changes, this.ownSliders), seed });
    this.reads++;
    this.showOwn(own);
  }

  async clear() {
    this.edited.clear();
    for (const changes of Object.values(this.changes)) changes.clear();
    await put(this.path, { filters: {} });
    await put(`${this.path}/impairments`, { impairments: [] });
    await this.readOwn();
  }
}

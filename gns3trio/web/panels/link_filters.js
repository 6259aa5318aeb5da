// The filters of a link as sliders and numbers. A change is merged into the server's newest values, so that changes of other clients
// are kept. A field shows the server's value unless the user is editing it.

import { act, button } from "../actions.js";
import { get } from "../api.js";
import { directionText } from "../conditions.js";
import { h, setText } from "../dom.js";
import { tell } from "../messages.js";
import { ChangeQueue } from "./change_queue.js";
import { LABELS, SLIDERS, changeFilters, changeImpairments, filterValue, isAddedToNothing, ownFields, ownValue } from "./filter_values.js";

const JITTER_ALONE = "Jitter needs a delay that it varies.";
const DIRECTIONS = ["both", "a_to_b", "b_to_a"];

export class LinkFilters {
  constructor(lab, history, id) {
    Object.assign(this, { lab, history, id, path: `${lab.path}/links/${id}` });
    this.fields = new Map(); // those shown, by key: the input, the slider if there is one, and how to read its value
    this.edited = new Set(); // keys of fields that the user is editing
    this.changes = { // GNS3's filters and the impairments are set by different requests
      filters: new ChangeQueue((changes) => this.applyFilters(changes)),
      own: new ChangeQueue((changes) => this.applyOwn(changes)),
    };
    this.own = new Map(DIRECTIONS.flatMap((direction) => ownFields(lab.impairmentTypes, direction)).map((each) => [each.key, each]));
    this.directions = DIRECTIONS.map((value) => h("option", { value }));
    this.direction = h("select", { id: "filter-direction", onchange: () => this.makeFields() }, this.directions);
    this.direction.value = this.conditions().at(0)?.direction ?? "both"; // what is set is shown first
    this.place = h("div");
    this.parts = [h("label", { className: "field" }, h("span", {}, "Direction"), this.direction), this.place, button("Clear filters", () => this.clear())];
    this.makeFields();
  }

  // The fields of the chosen direction. GNS3's filters act in both; what they lack is added by our own.
  makeFields() {
    this.fields.clear();
    this.edited.clear();
    const direction = this.direction.value || "both";
    const own = [...this.own.values()].filter((each) => each.direction === direction);
    const ofGns3 = direction === "both";
    this.place.replaceChildren(
      ...(ofGns3 ? SLIDERS.map(([name, place, ...shown]) => this.makeSlider("filters", `${name} ${place}`, ...shown)) : []),
      ...own.filter((each) => !each.isPlain).map(({ key, label, unit, maximum, least }) => this.makeSlider("own", key, label, unit, maximum, least)),
      ...(ofGns3 ? [
        this.makeField("filters", "frequency_drop 0", LABELS.frequency, { type: "number", min: -1, max: 32767 }),
        this.makeField("filters", "bpf 0", LABELS.bpf, { placeholder: "icmp", spellcheck: false })] : []),
      ...own.filter((each) => each.isPlain).map(({ key, label, isText, least }) =>
        this.makeField("own", key, label, isText ? { placeholder: "icmp", spellcheck: false } : { type: "number", min: least })),
    );
    this.draw();
  }

  get link() {
    return this.lab.links.get(this.id);
  }

  makeSlider(kind, key, label, unit, most, least = 0) {
    const input = h("input", { type: "number", min: least, value: 0, step: "any", ariaLabel: unit ? `${label} in ${unit}` : `${label}, number` });
    const range = h("input", { type: "range", min: least, max: most, value: 0, ariaLabel: label, id: `slider-${key.replaceAll(" ", "-")}` });
    range.addEventListener("input", act(() => { input.value = range.value; return this.change(kind, key); }));
    this.watch(kind, key, input, range);
    return h("div", { className: "slider" }, h("span", {}, `${label} ${unit}`), range, input);
  }

  makeField(kind, key, label, properties) {
    const input = h("input", properties);
    this.watch(kind, key, input);
    return h("label", { className: "field" }, h("span", {}, label), input);
  }

  watch(kind, key, input, range) {
    this.fields.set(key, { kind, input, range });
    input.addEventListener("input", () => this.edited.add(key));
    input.addEventListener("change", act(() => { if (range) range.value = input.value; return this.change(kind, key); }));
    input.addEventListener("blur", () => { this.edited.delete(key); this.draw(); }); // edited, but the value is unchanged
  }

  // --- showing ---

  // The link may have changed meanwhile. Each direction tells what is set in it.
  update() {
    const [names, conditions] = [this.lab.endNames(this.link), this.conditions()];
    for (const option of this.directions) {
      const texts = conditions.filter(({ direction }) => direction === option.value).map(({ text }) => text);
      setText(option, [directionText(option.value, names), texts.join(", ")].filter(Boolean).join(": "));
    }
    this.draw();
  }

  conditions() {
    return this.link ? this.lab.conditionsOf(this.link) : [];
  }

  valueOf(kind, key) {
    if (kind === "filters") return filterValue(this.link?.filters, key);
    return ownValue(this.lab.impairments.get(this.id)?.impairments ?? [], this.own.get(key));
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

  // Values of the same fields that follow each other soon are undone together: a slider sends several a second.
  async applyFilters(changes) {
    const before = this.link;
    if (!before) return; // it was deleted meanwhile
    const { filters, jitterAlone } = changeFilters(before.filters, changes);
    if (jitterAlone) tell(JITTER_ALONE, "warning");
    const [after] = await this.history.change(`Filters of ${this.lab.linkName(before)}`, [{ path: this.path, before, fields: { filters } }], { joins: this.joins(changes) });
    if (this.link === before) this.lab.apply("link.updated", after); // or an event has already brought this change, and perhaps newer ones
  }

  async applyOwn(changes) {
    const path = `${this.path}/impairments`;
    const [before, known] = [await get(path), this.lab.impairments.get(this.id)];
    const own = [...this.own.values()];
    const fields = { ...before, impairments: changeImpairments(before.impairments, changes, own) };
    if (isAddedToNothing(fields.impairments, changes, own)) tell(JITTER_ALONE, "warning");
    const [after] = await this.history.change(`Filters of ${this.lab.linkName(this.link)}`, [{ path, before, fields }], { joins: this.joins(changes) });
    if (this.link && this.lab.impairments.get(this.id) === known) this.lab.apply("link.impairments", { ...after, link_id: this.id }); // as above
  }

  joins(changes) {
    return `${this.path} ${[...changes.keys()].join(" ")}`;
  }

  async clear() {
    this.edited.clear();
    for (const changes of Object.values(this.changes)) changes.clear();
    const path = `${this.path}/impairments`;
    await this.history.change(`Clear the filters of ${this.lab.linkName(this.link)}`, [
      { path: this.path, before: this.link, fields: { filters: {} } },
      { path, before: await get(path), fields: { impairments: [], seed: null } },
    ]);
    this.draw();
  }
}

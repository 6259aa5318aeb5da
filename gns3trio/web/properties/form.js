// A form for the settings of nodes or of a template, made from the server's description of their fields.

import { h, setText } from "../dom.js";
import { formField, mark } from "../forms.js";
import { simpleControl } from "./controls.js";
import { symbolControl } from "./symbols.js";
import { tableControl } from "./table.js";
import { MIXED, areAlike, cellObjection, errorPlace, grouped, objection } from "./values.js";

const OPEN_AT_FIRST = new Set(["General", "Network"]);
const MAKERS = { symbol: symbolControl, table: tableControl };
const HINTS = { start: "Takes effect at the next start.", stopped: "Can be changed while the node is stopped only." };

export class PropertyForm {
  // `names(kind)` resolves with the texts that are offered for a field, as {value, label}; `onChange` is told of every change;
  // `beside(row)` is what stands beside the number of a row of a table, if anything.
  constructor(fields, { names, onChange, beside = () => "" }) {
    this.fields = fields;
    this.onChange = onChange;
    this.beside = beside;
    this.parts = new Map(); // by the name of a field
    this.shown = new Map(); // the values that the server has
    this.touched = new Set();
    this.element = h("div", { className: "properties" }, grouped(fields).map(([group, members]) => this.makeGroup(group, members, names)));
  }

  makeGroup(group, members, names) {
    const parts = members.map((field) => this.makeField(field, names));
    return h("details", { open: OPEN_AT_FIRST.has(group) }, h("summary", {}, group), parts);
  }

  makeField(field, names) {
    const make = MAKERS[field.control] ?? simpleControl;
    const control = make(field, { names, onChange: () => this.touch(field), beside: this.beside });
    const label = formField(field.label, control.control, field.hint, control.element);
    const when = h("p", { className: "when hint", hidden: true });
    label.part.append(when);
    label.part.classList.add(`of-${field.control}`);
    this.parts.set(field.name, { field, control, label, when });
    return label.part;
  }

  touch(field) {
    this.touched.add(field.name);
    const { label } = this.parts.get(field.name);
    mark(label.control, label.error, "");
    for (const cell of label.part.querySelectorAll("[aria-invalid]")) cell.removeAttribute("aria-invalid");
    this.onChange();
  }

  // Shows the values that the server has, by the names of fields. What the user has changed stays.
  show(values, { running = false } = {}) {
    for (const [name, { field, control, when }] of this.parts) {
      const before = this.shown.get(name);
      const value = values[name];
      const isSame = this.shown.has(name) && (before === value || (before !== MIXED && value !== MIXED && areAlike(before, value)));
      this.shown.set(name, value);
      if (this.touched.has(name) && areAlike(value, control.get())) this.touched.delete(name);
      if (!isSame && !this.touched.has(name)) this.set(name, value);
      setText(when, HINTS[field.takes_effect] ?? "");
      when.hidden = !running || !(field.takes_effect in HINTS);
    }
  }

  // What an empty table is completed with may differ from what the server has: what the control makes of it counts as the same.
  set(name, value) {
    const { control } = this.parts.get(name);
    control.set(value);
    this.shown.set(name, value === MIXED ? MIXED : control.get());
  }

  // Gives fields values that were typed before.
  restore(values) {
    for (const [name, value] of Object.entries(values)) {
      if (!this.parts.has(name)) continue;
      this.parts.get(name).control.set(value);
      this.touched.add(name);
    }
  }

  // The values that the user has changed, by the names of their fields.
  changes() {
    const changed = {};
    for (const [name, { control }] of this.parts) {
      if (!this.touched.has(name)) continue;
      const value = control.get();
      if (value !== MIXED && !areAlike(value, this.shown.get(name))) changed[name] = value;
    }
    return changed;
  }

  // The values of all fields.
  values() {
    return Object.fromEntries([...this.parts].map(([name, { control }]) => [name, control.get()]));
  }

  fieldsOf(values) {
    return this.fields.filter(({ name }) => name in values);
  }

  // Gives up what was changed.
  discard() {
    this.touched.clear();
    this.clearErrors();
    for (const name of this.parts.keys()) this.set(name, this.shown.get(name));
  }

  // The server has these values now.
  saved(values) {
    this.clearErrors();
    for (const [name, value] of Object.entries(values)) {
      this.shown.set(name, value);
      this.touched.delete(name);
    }
  }

  clearErrors() {
    for (const { label } of this.parts.values()) mark(label.control, label.error, "");
    for (const cell of this.element.querySelectorAll("[aria-invalid]")) cell.removeAttribute("aria-invalid");
  }

  // The first of the values that is wrong, as {field, text, row, column}; null if nothing is known.
  problemOf(values) {
    for (const field of this.fieldsOf(values)) {
      const value = values[field.name];
      const text = objection(field, value);
      if (text) return { field, text };
      const cell = field.control === "table" && Array.isArray(value) ? cellObjection(field, value) : null;
      if (cell) return { field, ...cell };
    }
    return null;
  }

  // Whether the values may be sent. If not, the first wrong field tells why and has the focus.
  check(values) {
    this.clearErrors();
    const problem = this.problemOf(values);
    if (problem) this.showAt(problem);
    return problem === null;
  }

  // Shows an error of the server at the field that it names. Returns whether there is such a field.
  showError(message) {
    this.clearErrors();
    const place = errorPlace(message, this.fields);
    if (place) this.showAt(place);
    return place !== null;
  }

  showAt({ field, text, row = null, column = null }) {
    const { control, label } = this.parts.get(field.name);
    label.part.closest("details").open = true;
    control.focus();
    const where = control.mark?.(row, column) ?? "";
    mark(label.control, label.error, where + text);
    label.error.scrollIntoView({ block: "nearest" });
  }
}

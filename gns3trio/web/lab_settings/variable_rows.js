// The variables of a project: rows of names and values.

import { h } from "../dom.js";

const MOST = 200;

export class VariableRows {
  constructor(variables) {
    this.rows = h("div", { className: "variable-rows" });
    this.error = h("p", { className: "error", hidden: true });
    this.adding = h("button", { type: "button", name: "variables", onclick: () => this.add("", "", true) }, "Add a variable");
    this.part = h("div", {}, this.rows, this.error, this.adding);
    this.field = { control: this.adding, error: this.error, part: this.part }; // its errors are shown here
    for (const { name, value } of variables) this.add(name, value ?? "");
  }

  add(name, value, focus = false) {
    if (this.rows.children.length >= MOST) return;
    const input = h("input", { value: name, maxLength: 200, ariaLabel: "Name of the variable", placeholder: "NAME" });
    const row = h("div", { className: "buttons" }, input,
      h("input", { value, maxLength: 4096, ariaLabel: "Value of the variable", placeholder: "value" }),
      h("button", { type: "button", ariaLabel: "Remove this variable", onclick: () => this.remove(row) }, "×"));
    this.rows.append(row);
    if (focus) input.focus();
  }

  remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector("input") ?? this.adding).focus();
  }

  get values() {
    return [...this.rows.children].map((row) => {
      const [name, value] = row.querySelectorAll("input");
      return { name: name.value, value: value.value };
    });
  }
}

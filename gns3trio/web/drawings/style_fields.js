// Fields for the style of something: colours, fonts, numbers. What is chosen is shown at once, and kept when the choice is made.

import { act } from "../actions.js";
import { h } from "../dom.js";
import { readValue, shownColor } from "./shape_fields.js";

let made = 0;

export class StyleFields {
  // `fields`: {name, label, type, ...}, see shape_fields.js. `valueOf()` has the present values by name; `preview(name, value)` shows another
  // one, and `keep(field, value)` sends it, or throws why not.
  constructor(fields, { valueOf, preview = () => {}, keep }) {
    Object.assign(this, { valueOf, preview, keep });
    this.number = made += 1;
    this.controls = new Map(); // [field, control] by name
    this.element = h("div", { className: "style-fields" }, fields.map((field) => this.make(field)));
    this.draw();
  }

  make(field) {
    const id = `style-${this.number}-${field.name}`;
    const show = async ({ target }) => this.preview(field.name, readValue(field, target));
    const keep = async ({ target }) => {
      const value = readValue(field, target);
      this.preview(field.name, value);
      await this.keep(field, value);
    };
    const live = field.type === "color" || field.type === "range" ? { oninput: act(show) } : {};
    const control = makeControl(field, { id, name: field.name, onchange: act(keep), ...live });
    this.controls.set(field.name, [field, control]);
    return h("div", { className: `field is-${field.type}` }, h("label", { htmlFor: id }, field.label), control);
  }

  draw(isDisabled = false) {
    const values = this.valueOf();
    for (const [name, [{ type }, control]] of this.controls) {
      control.disabled = isDisabled;
      if (control === document.activeElement && type !== "checkbox") continue; // the user is at it
      if (type === "checkbox") control.checked = Boolean(values[name]);
      else control.value = type === "color" ? shownColor(values[name], hexOf) : values[name] ?? "";
    }
  }
}

function makeControl({ type, options, min, max, step }, attributes) {
  if (type === "select") return h("select", attributes, options.map((value) => h("option", { value }, value)));
  if (type === "text") return h("textarea", { ...attributes, rows: 2, maxLength: 10000 });
  if (type === "line") return h("input", { ...attributes, maxLength: 200 });
  if (type === "checkbox" || type === "color") return h("input", { ...attributes, type });
  return h("input", { ...attributes, type, min, max, step });
}

// Another colour of CSS as "#rrggbb", or null.
function hexOf(color) {
  if (!color || !CSS.supports("color", color)) return null;
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = color;
  return /^#[0-9a-f]{6}$/.test(context.fillStyle) ? context.fillStyle : null;
}

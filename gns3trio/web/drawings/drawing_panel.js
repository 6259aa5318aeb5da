// The panel of a drawing: its text, colours, border, place and layer.

import { h, setText } from "../dom.js";
import { commandButton } from "../panels/command_button.js";
import { whyFixed } from "../people/rights.js";
import { fieldsOf } from "./shape_fields.js";
import { nameOfShape, readShape } from "./shape_format.js";
import { StyleFields } from "./style_fields.js";

const BUTTONS = ["edit-text", "duplicate", "raise", "lower", "lock", "delete"];

export class DrawingPanel {
  constructor(side, id, { lab, edits, commands }) {
    Object.assign(this, { id, lab, edits });
    this.title = h("h2");
    this.fixed = h("p", { className: "hint", role: "status" });
    const shape = this.shape();
    this.kind = shape.kind;
    const { inShape, ofDrawing } = fieldsOf(shape);
    const fields = (list, change) => new StyleFields(list, {
      valueOf: () => this.shape(),
      preview: (name, value) => edits.preview(id, change(name, value)),
      keep: (field) => edits.keep(id, `Change ${field.label.toLowerCase()} of ${lab.nameOf(id)}`, {}, { joins: `${id} ${field.name}` }),
    });
    this.fields = [fields(inShape, (name, value) => edits.reshaped(id, { [name]: value })), fields(ofDrawing, (name, value) => ({ [name]: value }))];
    const target = { kind: "drawing", ids: [id] };
    const shown = BUTTONS.map((name) => commands.get(name)).filter((command) => command && (command.isShown?.(target) ?? true));
    this.buttons = shown.map((command) => commandButton(commands, command, () => target));
    this.parts = h("div", {}, this.title,
      h("p", { className: "buttons" }, this.buttons.map(({ button }) => button)),
      this.fixed, this.fields[0].element, h("h3", {}, "Place"), this.fields[1].element);
    side.replaceChildren(this.parts);
    this.draw();
  }

  shape() {
    const { svg, x, y, z, rotation } = this.lab.drawings.get(this.id);
    return { ...readShape(svg), x, y, z, rotation };
  }

  alive() {
    return this.lab.drawings.has(this.id) && this.parts.isConnected && this.shape().kind === this.kind;
  }

  close() {
    this.edits.giveUp(this.id);
  }

  update(changed) {
    if (changed.has(this.id) && this.lab.drawings.has(this.id)) this.draw();
  }

  draw() {
    const { locked } = this.lab.drawings.get(this.id);
    const why = whyFixed(this.lab, this.id) || (locked ? "It is locked: unlock it to move or change it." : "");
    setText(this.title, nameOfShape(this.shape()));
    setText(this.fixed, why);
    this.fixed.hidden = why === "";
    for (const fields of this.fields) fields.draw(why !== "");
    for (const each of this.buttons) each.update();
  }
}

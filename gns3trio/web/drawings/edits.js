// Changes of drawings, each of which can be undone.

import { randomId } from "../random_id.js";
import { fittedNote, inSize } from "./new_shapes.js";
import { readShape, resizedPicture, writeShape } from "./shape_format.js";

const FIELDS = ["x", "y", "z", "rotation", "locked", "svg"];

let canvas = null;

// The width of a text in a font, in pixels.
function widthOfText(text, font) {
  canvas ??= document.createElement("canvas").getContext("2d");
  canvas.font = font;
  return canvas.measureText(text).width;
}

export class DrawingEdits {
  constructor({ lab, history, widthOf = widthOfText, newId = randomId }) {
    Object.assign(this, { lab, history, widthOf, newId });
    this.saved = new Map(); // what the server has of drawings that are shown otherwise meanwhile, by id
  }

  get path() {
    return `${this.lab.path}/drawings`;
  }

  // What a drawing shows: its shape, and its place.
  shapeOf(id) {
    const drawing = this.lab.drawings.get(id);
    return drawing && { ...readShape(drawing.svg), x: drawing.x, y: drawing.y, rotation: drawing.rotation };
  }

  // Adds drawings of {x, y, z, shape or svg, ...}. Resolves with their ids.
  async add(text, drawings) {
    const made = drawings.map(({ shape, ...fields }) => ({ drawing_id: this.newId(), ...fields, ...(shape && { svg: this.written(shape) }) }));
    await this.history.make(text,
      made.map((body) => ({ method: "POST", path: this.path, body })),
      made.map(({ drawing_id }) => ({ method: "DELETE", path: `${this.path}/${drawing_id}` })));
    return made.map(({ drawing_id }) => drawing_id);
  }

  // The SVG of a shape. A note gets the size that its text needs.
  written(shape) {
    return writeShape(shape.kind === "note" ? fittedNote(shape, this.widthOf) : shape);
  }

  // The fields of a drawing with another shape: `changes` of its colours, its size and so on.
  reshaped(id, changes) {
    const drawing = this.lab.drawings.get(id);
    const shape = readShape(drawing.svg);
    const sized = changes.width === undefined && changes.height === undefined ? shape : inSize(shape, { width: shape.width, height: shape.height, ...changes });
    if (shape.kind === "picture" || shape.kind === "other") {
      return shape.width === null ? {} : { svg: resizedPicture(drawing.svg, sized.width, sized.height) };
    }
    return { svg: this.written({ ...sized, ...changes }) };
  }

  // Shows a drawing otherwise on this page, until it is kept or given up.
  preview(id, fields) {
    const drawing = this.lab.drawings.get(id);
    if (!drawing) return;
    if (!this.saved.has(id)) this.saved.set(id, drawing);
    this.lab.drawings.set(id, { ...drawing, ...fields });
    this.lab.touch(id);
  }

  giveUp(id) {
    const saved = this.saved.get(id);
    this.saved.delete(id);
    if (!saved || !this.lab.drawings.has(id)) return;
    this.lab.drawings.set(id, saved);
    this.lab.touch(id);
  }

  // Sends what is shown, with further `fields`. Without a change, it sends nothing. If the server refuses, the drawing is shown as before.
  async keep(id, text, fields = {}, options = {}) {
    const before = this.saved.get(id) ?? this.lab.drawings.get(id);
    const after = { ...this.lab.drawings.get(id), ...fields };
    const changed = FIELDS.filter((name) => after[name] !== before?.[name]);
    if (!before || !changed.length) {
      this.giveUp(id);
      return;
    }
    const path = `${this.path}/${id}`;
    this.preview(id, fields);
    try {
      const [reply] = await this.history.change(text, [{ path, before, fields: pick(after, changed) }], options);
      this.saved.delete(id);
      this.lab.apply("drawing.updated", reply);
    } catch (error) {
      this.giveUp(id);
      throw error;
    }
  }
}

const pick = (object, names) => Object.fromEntries(names.filter((name) => name in object).map((name) => [name, object[name]]));

// Shows drawings: notes, shapes and pictures, all in SVG.
//
// A drawing may come from anybody. It is never part of the page, but shown as an image, in which a browser runs no script
// and loads nothing. `drawing_picture.js` changes its text for display.

import { classNames, s, set } from "../dom.js";
import { nameOfShape, readShape } from "../drawings/shape_format.js";
import { pictureOf, turnedBox } from "./drawing_picture.js";

// How far from a line or an empty shape a click still means it, in pixels.
const NEAR = 6;

export class DrawingShape {
  constructor(id) {
    this.id = id;
    this.image = s("image");
    this.outline = s("g", { class: "outline" }); // around the shape, or the box of a note or picture
    this.group = s("g", { "data-id": id, role: "button", tabindex: -1 }, this.image, this.outline);
    this.hit = s("g", { class: "drawing-hit", "data-id": id, "aria-hidden": "true" }); // what can be clicked
  }

  parts() {
    return [this.group, this.hit];
  }

  // `hits` are layers below all others: a click on a node or link that lies beneath a drawing means these.
  // A note keeps the texts of wires away from it, in `room`.
  show(drawing, { selected, layers, hits, room }) {
    layers.put(this.group, drawing.z, "drawings");
    hits.put(this.hit, drawing.z, "drawings");
    if (this.svg !== drawing.svg) this.showPicture(drawing.svg);
    room.place(this.id, this.isNote ? [[{ box: this.boxOf(drawing), rank: 0, isFixed: true }]] : []);
    const transform = `translate(${drawing.x} ${drawing.y}) rotate(${drawing.rotation})`;
    set(this.hit, { transform });
    set(this.group, {
      transform,
      class: classNames("drawing", { selected, locked: drawing.locked }), "aria-label": this.name + (drawing.locked ? ", locked" : ""),
    });
  }

  showPicture(svg) {
    this.svg = svg;
    this.picture = pictureOf(svg);
    const [x, y, right, bottom] = this.picture.box;
    if (right > x) set(this.image, { width: right - x, height: bottom - y });
    else for (const name of ["width", "height"]) this.image.removeAttribute(name); // it has a size of its own
    set(this.image, { x, y, href: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(this.picture.svg)}` });
    const shape = readShape(svg);
    this.name = nameOfShape(shape);
    this.isNote = shape.kind === "note";
    for (const part of [this.hit, this.outline]) part.replaceChildren(...(right > x ? [outlineOf(shape, this.picture.box)] : []));
  }

  // The box that it covers: left, top, right, bottom.
  boxOf(drawing) {
    return turnedBox(this.picture.box, drawing);
  }
}

function outlineOf(shape, [x, y, right, bottom]) {
  const { kind, width, height } = shape;
  const common = { class: shape.opacity === 0 || kind === "line" ? "" : "filled", "stroke-width": Math.max(shape.strokeWidth ?? 0, 2 * NEAR) };
  if (kind === "line") return s("line", { x1: shape.x1, y1: shape.y1, x2: shape.x2, y2: shape.y2, ...common });
  if (kind === "ellipse") return s("ellipse", { cx: width / 2, cy: height / 2, rx: width / 2, ry: height / 2, ...common });
  if (kind === "rectangle" || (kind === "note" && width > 0)) return s("rect", { width, height, ...common });
  return s("rect", { x, y, width: right - x, height: bottom - y, ...common });
}

// Shows drawings: notes, shapes and pictures, all in SVG.
//
// A drawing may come from anybody. It is never part of the page, but shown as an image, in which a browser runs no script
// and loads nothing. `drawing_picture.js` changes its text for display.

import { s, set } from "../dom.js";
import { pictureOf, turnedBox } from "./drawing_picture.js";

export class DrawingShape {
  constructor() {
    this.image = s("image");
    this.group = s("g", { "aria-hidden": "true", class: "drawing" }, this.image);
  }

  parts() {
    return [this.group];
  }

  show(drawing, { layers }) {
    layers.put(this.group, drawing.z, "drawings");
    if (this.svg !== drawing.svg) {
      this.svg = drawing.svg;
      this.picture = pictureOf(drawing.svg);
      const [x, y, right, bottom] = this.picture.box;
      if (right > x) set(this.image, { width: right - x, height: bottom - y });
      else for (const name of ["width", "height"]) this.image.removeAttribute(name); // it has a size of its own
      set(this.image, { x, y, href: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(this.picture.svg)}` });
    }
    set(this.group, { transform: `translate(${drawing.x} ${drawing.y}) rotate(${drawing.rotation})` });
  }

  // The box that it covers: left, top, right, bottom.
  boxOf(drawing) {
    return turnedBox(this.picture.box, drawing);
  }
}

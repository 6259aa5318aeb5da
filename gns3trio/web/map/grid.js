// The grid of a lab, with GNS3's settings: `show_grid`, `snap_to_grid`, and the lengths `grid_size` for nodes and `drawing_grid_size`.

import { s, set } from "../dom.js";
import { sizeOf } from "./node_box.js";

// A grid is drawn if its lines are so far apart in the window.
const LEAST = 6;

const nearest = (value, size) => size * Math.round(value / size);

// Where an object goes that is moved to a place: a node so that its centre is on the grid, a drawing with its corner.
export function snapped([x, y], object, project) {
  if (!project?.snap_to_grid) return [x, y];
  if (object.svg !== undefined) return [x, y].map((value) => nearest(value, Math.max(project.drawing_grid_size, 1)));
  const size = Math.max(project.grid_size, 1);
  return sizeOf(object).map((length, axis) => nearest([x, y][axis] + length / 2, size) - length / 2);
}

// Moves objects by [dx, dy] together: the first is on the grid then, and the others keep their places beside it.
// `starts` are [id, object]. Returns [id, [x, y]].
export function movedBy(starts, [dx, dy], project) {
  if (!starts.length) return [];
  const [, first] = starts[0];
  const [x, y] = snapped([first.x + dx, first.y + dy], first, project);
  return starts.map(([id, object]) => [id, [object.x + x - first.x, object.y + y - first.y]]);
}

// How far the keys move: to the next line of the grid if objects snap to it.
export const stepOf = (project, step) => (project?.snap_to_grid ? Math.max(project.grid_size, 1) : step);

export class Grid {
  constructor() {
    this.lines = s("path", { d: "" });
    this.pattern = s("pattern", { id: "grid", patternUnits: "userSpaceOnUse" }, this.lines);
    this.element = s("g", { class: "grid", "aria-hidden": "true" }, s("defs", {}, this.pattern), s("rect", { width: "100%", height: "100%", fill: "url(#grid)" }));
  }

  show(project, { x, y, scale }) {
    const size = Math.max(project?.grid_size ?? 0, 1);
    const isShown = Boolean(project?.show_grid) && size * scale >= LEAST;
    set(this.element, { visibility: isShown ? "visible" : "hidden" });
    if (!isShown) return;
    const length = size * scale;
    set(this.pattern, { width: length, height: length, x, y });
    set(this.lines, { d: `M${length} 0H0V${length}` });
  }
}

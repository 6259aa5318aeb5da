// What the keyboard does on the map, with the object that has the focus. Keys of commands are in the table of commands.

import { movedBy, stepOf } from "./grid.js";
import { idAt } from "./hits.js";
import { DIRECTIONS, STEP } from "./places.js";

export class MapKeys {
  constructor(gestures) {
    Object.assign(this, { gestures, graph: gestures.graph, lab: gestures.lab });
    const { svg } = this.graph;
    svg.addEventListener("keydown", (event) => {
      if (!this.press(event)) return;
      event.preventDefault();
      event.stopPropagation();
    });
    svg.addEventListener("focusin", (event) => {
      const id = idAt(event);
      if (id && !this.graph.isFocusing && !this.graph.selection.has(id) && event.target.matches(":focus-visible")) this.graph.select(id);
    });
  }

  // Returns whether the key does something here.
  press(event) {
    const { graph } = this;
    const id = idAt(event);
    const isMore = event.ctrlKey || event.metaKey;
    const arrow = event.altKey ? undefined : DIRECTIONS[event.key];
    if (event.key === "Escape") this.leave();
    else if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) this.openMenu(id);
    else if (!id) return false;
    else if (arrow && event.shiftKey && !isMore) this.move(id, arrow);
    else if (arrow) this.go(id, arrow, isMore);
    else if (event.key === " " && isMore && !graph.group(id)) graph.selection.toggle(id);
    else if ((event.key === "Enter" || event.key === " ") && !isMore && !event.shiftKey) this.choose(id, event.key);
    else return false;
    return true;
  }

  // Ends what was begun, or else deselects all.
  leave() {
    if (this.graph.linking.isOn) this.graph.linking.end();
    else this.graph.select(null);
  }

  // Beside the object that has the focus.
  openMenu(id) {
    const { graph } = this;
    const { left, top } = graph.svg.getBoundingClientRect();
    const { x, y, scale } = graph.view;
    const [across, down] = id ? graph.centre(id) : [-x / scale, -y / scale];
    this.gestures.openMenu(id, [left + x + scale * across, top + y + scale * down]);
  }

  move(id, [dx, dy]) {
    const { graph, lab } = this;
    if (!graph.selection.has(id)) graph.select(id);
    const step = stepOf(lab.project, STEP);
    const starts = graph.movable().toSorted((a, b) => (b === id) - (a === id)).map((each) => [each, lab.placed(each)]);
    if (!starts.length) {
      this.gestures.onKept([...graph.selection]);
      return;
    }
    this.gestures.onMove(movedBy(starts, [dx * step, dy * step], lab.project));
    this.gestures.onMoved();
  }

  go(id, arrow, isOnlyLooking) {
    const { graph } = this;
    const next = graph.neighbour(id, arrow);
    if (!next) return;
    if (isOnlyLooking) graph.include(next);
    else graph.select(next, true);
    graph.focus(next);
  }

  choose(id, key) {
    const { graph } = this;
    if (graph.linking.isOn && this.lab.nodes.has(id)) this.gestures.link(id);
    else if (key === "Enter") this.gestures.open(id, true);
    else graph.select(id);
  }
}

// What the keyboard does on the map, with the object that has the focus. Keys of commands are in the table of commands.

import { idAt } from "./hits.js";
import { DIRECTIONS, STEP } from "./places.js";

export class MapKeys {
  constructor(gestures) {
    Object.assign(this, { gestures, graph: gestures.graph, lab: gestures.lab });
    this.isLookingAround = false; // the focus moves without the selection
    const { svg } = this.graph;
    svg.addEventListener("keydown", (event) => {
      if (!this.press(event)) return;
      event.preventDefault();
      event.stopPropagation();
    });
    svg.addEventListener("focusin", (event) => {
      const id = idAt(event);
      if (id && !this.isLookingAround && !this.graph.selection.has(id) && event.target.matches(":focus-visible")) this.graph.select(id);
    });
  }

  // Returns whether the key does something here.
  press(event) {
    const { graph } = this;
    const id = idAt(event);
    const isMore = event.ctrlKey || event.metaKey;
    const arrow = event.altKey ? undefined : DIRECTIONS[event.key];
    if (event.key === "Escape") this.leave();
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
    if (this.graph.source) this.graph.startLink(null);
    else this.graph.select(null);
  }

  move(id, [dx, dy]) {
    const { graph, lab } = this;
    if (!graph.selection.has(id)) graph.select(id);
    const places = graph.movable().map((each) => [each, lab.placed(each)]).map(([each, { x, y }]) => [each, [x + dx * STEP, y + dy * STEP]]);
    if (!places.length) return;
    this.gestures.onMove(places);
    this.gestures.onMoved();
  }

  go(id, arrow, isOnlyLooking) {
    const { graph } = this;
    const next = graph.neighbour(id, arrow);
    if (!next) return;
    this.isLookingAround = true;
    if (isOnlyLooking) graph.include(next);
    else graph.select(next, true);
    graph.focus(next);
    this.isLookingAround = false;
  }

  choose(id, key) {
    const { graph } = this;
    if (graph.source && this.lab.nodes.has(id) && id !== graph.source) this.gestures.link(id);
    else if (key === "Enter") this.gestures.open(id, true);
    else graph.select(id);
  }
}

// What the mouse and fingers do on the map: choose objects, one or several, move them, link them, and move and zoom the view.

import { Band } from "./band.js";
import { idAt } from "./hits.js";
import { MapKeys } from "./map_keys.js";

const ZOOM = 1.15;
// A press that moves less than this is a click.
const CLICK = 3;

export class Gestures {
  // `onMove(places)` moves objects on this page, and `onMoved()` keeps where they are.
  constructor(graph, { onOpen, onMove, onMoved, onLink }) {
    Object.assign(this, { graph, lab: graph.lab, onOpen, onMove, onMoved, onLink });
    const { svg } = graph;
    this.keys = new MapKeys(this);
    svg.addEventListener("pointerdown", (event) => this.press(event));
    svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      graph.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, [event.offsetX, event.offsetY]);
    }, { passive: false });
    svg.addEventListener("dblclick", (event) => {
      const id = idAt(event);
      if (id) this.open(id);
    });
  }

  open(id, focus = false) {
    if (this.graph.group(id)) this.graph.enterGroup(id, focus);
    else this.onOpen(id);
  }

  press(event) {
    if (event.button === 2) return; // it opens a menu
    const { graph } = this;
    const { selection } = graph;
    const id = idAt(event);
    if (graph.source && this.lab.nodes.has(id) && id !== graph.source) {
      this.link(id);
      return;
    }
    const isMore = event.shiftKey || event.ctrlKey || event.metaKey;
    if (!id && event.button === 0 && (event.shiftKey || graph.selects)) {
      this.drawBand(event, isMore);
      return;
    }
    const isOneOfMany = selection.has(id) && selection.size > 1;
    if (id && isMore && !graph.group(id)) selection.toggle(id);
    else if (!isOneOfMany) graph.select(id);
    graph.focus(id);
    if (this.lab.placed(id)) this.dragObjects(event, isOneOfMany && !isMore ? () => graph.select(id) : null);
    else this.dragView(event);
  }

  // Follows the pointer until it is released: `onMove(dx, dy, event)` once it has moved, and `onEnd(hasMoved)`.
  follow(event, onMove, onEnd) {
    const { svg } = this.graph;
    let moved = false;
    const move = (next) => {
      const [dx, dy] = [next.clientX - event.clientX, next.clientY - event.clientY];
      if (!moved && Math.hypot(dx, dy) <= CLICK) return;
      if (!moved) svg.setPointerCapture(event.pointerId); // not earlier, or a click would go to the whole map
      moved = true;
      onMove(dx, dy, next);
    };
    const end = () => {
      svg.removeEventListener("pointermove", move);
      svg.removeEventListener("pointerup", end);
      svg.removeEventListener("pointercancel", end);
      onEnd(moved);
    };
    svg.addEventListener("pointermove", move);
    svg.addEventListener("pointerup", end);
    svg.addEventListener("pointercancel", end);
  }

  dragView(event) {
    const { x, y } = this.graph.view;
    this.follow(event, (dx, dy) => this.graph.moveView(x + dx, y + dy), () => {});
  }

  // Moves all that is selected. `onClick` is called if the pointer has not moved.
  dragObjects(event, onClick) {
    const { graph } = this;
    const starts = graph.movable().map((id) => [id, this.lab.placed(id)]);
    this.follow(event, (dx, dy) => {
      const { scale } = graph.view;
      this.onMove(starts.filter(([id]) => this.lab.placed(id)).map(([id, { x, y }]) => [id, [x + dx / scale, y + dy / scale]]));
    }, (moved) => {
      if (moved) this.onMoved();
      else onClick?.();
    });
  }

  // Selects what a band surrounds, with what was selected before if the band extends it.
  drawBand(event, isMore) {
    const { graph } = this;
    const before = isMore ? [...graph.selection] : [];
    const band = new Band(graph, [event.offsetX, event.offsetY], (ids) => graph.selectAll([...before, ...ids]));
    this.follow(event, (dx, dy) => band.stretch(event.offsetX + dx, event.offsetY + dy), (moved) => {
      band.end();
      if (!moved && !isMore) graph.select(null);
    });
  }

  link(id) {
    this.onLink(this.graph.source, id);
    this.graph.startLink(null);
  }
}

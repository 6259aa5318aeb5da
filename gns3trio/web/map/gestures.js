// What the mouse and fingers do on the map: choose objects, one or several, move them, link them, and move and zoom the view.

import { Band } from "./band.js";
import { movedBy } from "./grid.js";
import { idAt } from "./hits.js";
import { MapKeys } from "./map_keys.js";

const ZOOM = 1.15;
// A press that moves less than this is a click.
const CLICK = 3;
// A finger that rests for so long opens the menu.
const LONG_PRESS_MS = 500;

export class Gestures {
  // `onMove(places)` moves objects on this page, and `onMoved()` keeps where they are. `onKept(ids)` is told what cannot be moved.
  constructor(graph, { onOpen, onMove, onMoved, onKept, onLink, onMenu }) {
    Object.assign(this, { graph, lab: graph.lab, onOpen, onMove, onMoved, onKept, onLink, onMenu });
    const { svg } = graph;
    this.keys = new MapKeys(this);
    svg.addEventListener("pointerdown", (event) => this.press(event));
    svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      graph.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, [event.offsetX, event.offsetY]);
    }, { passive: false });
    svg.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      this.openMenu(idAt(event), [event.clientX, event.clientY]);
    });
    svg.addEventListener("dblclick", (event) => {
      const id = idAt(event);
      if (id) this.open(id);
    });
  }

  open(id, focus = false) {
    if (this.graph.group(id)) this.graph.enterGroup(id, focus);
    else this.onOpen(id);
  }

  // Opens the menu of an object, of all that is selected if it is one of them, or of the map.
  openMenu(id, [x, y]) {
    const { graph } = this;
    if (id === null || !graph.selection.has(id)) graph.select(id);
    if (id) graph.focus(id);
    const { left, top } = graph.svg.getBoundingClientRect();
    this.onMenu({ ...graph.target(), point: graph.pointAt(x - left, y - top) }, [x, y]);
  }

  press(event) {
    if (event.button === 2) return; // it opens a menu
    const { graph } = this;
    if (event.target.closest(".handle")) {
      this.dragLink(event, graph.handle.id);
      return;
    }
    const id = idAt(event);
    if (graph.linking.isOn && this.lab.nodes.has(id)) {
      this.follow(event, () => {}, (moved, { type }) => !moved && type !== "keydown" && this.link(id)); // a press would take the focus away from a dialog
      return;
    }
    const isMore = event.shiftKey || event.ctrlKey || event.metaKey;
    if (!id && event.button === 0 && (event.shiftKey || graph.selects)) {
      this.drawBand(event, isMore);
      return;
    }
    const onClick = this.choose(id, isMore);
    graph.focus(id);
    if (this.lab.placed(id)) this.dragObjects(event, onClick);
    else this.dragView(event);
  }

  // Selects what was pressed. Returns what else a click does, and a drag does not: what is dragged stays selected.
  choose(id, isMore) {
    const { graph } = this;
    const { selection } = graph;
    const isSelected = selection.has(id);
    const canBeMore = id && !graph.group(id);
    if (isMore && canBeMore) selection.toggle(id);
    else if (graph.selects && canBeMore) { // fingers have no Ctrl key
      if (isSelected) return () => selection.toggle(id);
      selection.add([id]);
    } else if (isSelected && selection.size > 1) {
      return isMore ? null : () => graph.select(id);
    } else {
      graph.select(id);
    }
    return null;
  }

  // Follows the pointer until it is released: `onMove(dx, dy, event)` once it has moved, and `onEnd(hasMoved, event)`. The Escape key
  // ends it, too: then the event is the press of this key.
  follow(event, onMove, onEnd) {
    const { svg } = this.graph;
    let moved = false;
    const resting = event.pointerType === "touch" ? setTimeout(() => {
      end(event);
      this.openMenu(idAt(event), [event.clientX, event.clientY]);
    }, LONG_PRESS_MS) : null;
    const move = (next) => {
      const [dx, dy] = [next.clientX - event.clientX, next.clientY - event.clientY];
      if (!moved && Math.hypot(dx, dy) <= CLICK) return;
      if (!moved) svg.setPointerCapture(event.pointerId); // not earlier, or a click would go to the whole map
      clearTimeout(resting);
      moved = true;
      this.graph.isDragging = true;
      onMove(dx, dy, next);
    };
    const press = (key) => {
      if (key.key !== "Escape") return;
      key.preventDefault();
      key.stopPropagation(); // the selection stays
      end(key);
    };
    const end = (last) => {
      clearTimeout(resting);
      document.removeEventListener("keydown", press, { capture: true });
      svg.removeEventListener("pointermove", move);
      svg.removeEventListener("pointerup", end);
      svg.removeEventListener("pointercancel", end);
      this.graph.isDragging = false;
      onEnd(moved, last);
    };
    document.addEventListener("keydown", press, { capture: true });
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
    const pressed = idAt(event);
    const starts = graph.movable().toSorted((a, b) => (b === pressed) - (a === pressed)).map((id) => [id, this.lab.placed(id)]); // it is the one that snaps
    this.follow(event, (dx, dy) => {
      const { scale } = graph.view;
      this.onMove(movedBy(starts.filter(([id]) => this.lab.placed(id)), [dx / scale, dy / scale], this.lab.project));
    }, (moved, { type }) => {
      if (type === "keydown") this.onMove(starts.filter(([id]) => this.lab.placed(id)).map(([id, { x, y }]) => [id, [x, y]]));
      if (moved && starts.length) this.onMoved();
      else if (moved) this.onKept([...graph.selection]);
      else if (type !== "keydown") onClick?.();
    });
  }

  // Selects what a band surrounds, too. A press beside all objects selects nothing.
  drawBand(event, isMore) {
    const { graph } = this;
    const before = [...graph.selection];
    const band = new Band(graph, [event.offsetX, event.offsetY], (ids) => graph.selectAll([...before, ...ids]));
    this.follow(event, (dx, dy) => band.stretch(event.offsetX + dx, event.offsetY + dy), (moved, { type }) => {
      band.end();
      if (type === "keydown") graph.selectAll(before);
      else if (!moved && !isMore) graph.select(null);
    });
  }

  // Drags a link from a node to the one where the pointer is released. A click on the handle begins a link, too.
  dragLink(event, id) {
    const { linking } = this.graph;
    linking.begin(id);
    this.follow(event, () => {}, (moved, last) => {
      if (!moved && last.type !== "keydown") return;
      const target = last.type === "pointerup" ? linking.nodeUnder(last.clientX, last.clientY) : null;
      if (target) this.link(target);
      else linking.end();
    });
  }

  // Takes a node for a new link.
  link(id) {
    const ends = this.graph.linking.pick(id);
    if (ends) this.onLink(...ends);
  }
}

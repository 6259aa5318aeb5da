// The map of a lab: nodes, links and drawings, which can be moved, linked and selected by mouse and keyboard.

import { classNames, s, set } from "../dom.js";
import { Selection } from "../edit/selection.js";
import { centreOfThing } from "./centres.js";
import { Gestures } from "./gestures.js";
import { Grid, snapped } from "./grid.js";
import { Linking } from "./linking.js";
import { fittedView, isSeen, middleOf, viewOf, zoomedView } from "./map_view.js";
import { whyFixed } from "../people/rights.js";
import { boxOf } from "./node_box.js";
import { Overlays } from "./overlays.js";
import { Pinch } from "./pinch.js";
import { freePlace, nearestTowards } from "./places.js";
import { PortHandle } from "./port_handle.js";
import { COUNT_AGAIN_MS, Stage } from "./stage.js";

// Below this scale texts are unreadable, and they are the most expensive to draw.
const FAR = 0.35;
// In a lab of not many nodes, names stay as large as this in the window when the scale is smaller than READABLE.
const [READABLE, MOST_NAMED, NAME_PIXELS] = [0.7, 60, 9];
// The size of the map before it is in the document.
const WINDOW = [800, 600];

export class Graph {
  // `onSelect()` is called when something else is selected, and `onMode()` when a drag or a click means something else; the others are told what the user does with objects.
  constructor(lab, { onSelect, onMode, onOpen, onMove, onMoved, onKept, onLink, onMenu }) {
    this.lab = lab;
    this.selection = new Selection((changed) => {
      for (const id of changed) this.redraw(id);
      this.makeReachable();
      onSelect();
    });
    this.onMode = onMode;
    this.selects = false; // a drag selects what it surrounds, instead of moving the view
    this.view = { x: 0, y: 0, scale: 1 };
    this.window = WINDOW; // reading it from the document would lay out the document each time
    this.stage = new Stage(lab, this, () => this.makeReachable());
    this.grid = new Grid();
    this.overlays = new Overlays();
    this.svg = s("svg", { role: "group", "aria-label": "Lab", tabindex: -1 }, this.grid.element, this.stage.scene, this.overlays.element);
    this.linking = new Linking(this, onMode);
    this.handle = new PortHandle(this);
    this.moved = false; // moved by the user: the view then stays
    new Pinch(this.svg, { zoomed: zoomedView, onView: (change) => this.changeView(change) });
    [this.isDragging, this.isFocusing] = [false, false];
    new Gestures(this, { onOpen, onMove, onMoved, onKept, onLink, onMenu });
    new ResizeObserver(() => this.resize()).observe(this.svg);
    lab.views.add(this);
  }

  // --- drawing ---

  reset() {
    this.stage.reset();
    this.selection.prune((id) => this.exists(id));
    if (this.moved) this.showView();
    else this.fit();
    this.makeReachable();
  }

  update(changed) {
    this.stage.update(changed);
    this.selection.prune((id) => !changed.has(id) || this.exists(id));
    if (changed.has(this.handle.id)) this.handle.show();
    if (changed.has(this.linking.source) && !this.exists(this.linking.source)) this.linking.end();
    this.makeReachable();
    if (this.stage.large) this.arrangeLater ??= setTimeout(() => this.arrange(), COUNT_AGAIN_MS);
  }

  // In a large lab, what is in view depends on the view.
  arrangeSoon() {
    if (this.stage.large) this.arrangeFrame ??= requestAnimationFrame(() => this.arrange());
  }

  arrange() {
    clearTimeout(this.arrangeLater);
    cancelAnimationFrame(this.arrangeFrame);
    [this.arrangeLater, this.arrangeFrame] = [null, null];
    if (!this.stage.large) return;
    this.stage.arrange(this.view, this.window);
    this.selection.prune((id) => this.exists(id)); // a group of another scale is gone
  }

  exists(id) {
    return this.stage.exists(id);
  }

  redraw(id) {
    if (id) this.lab.touch(id);
  }

  // --- selection ---

  // The first of what is selected, or null.
  get selected() {
    return this.selection.first;
  }

  select(id, focus = false) {
    this.selection.replace(id ? [id] : []);
    if (focus) {
      this.include(id);
      this.focus(id);
    }
  }

  selectAll(ids) {
    this.selection.replace(ids);
  }

  // Selects a node, whose details are shown, and others with it, and brings all of them into view.
  selectWith(id, others) {
    this.selection.replace([id, ...others], { isLed: true });
    const boxes = [id, ...others].map((each) => this.lab.nodes.get(each)).filter(Boolean).map(boxOf);
    if (!boxes.every((box) => isSeen(box, this.view, this.window))) {
      this.moved = true;
      this.view = fittedView(boxes, this.window);
    }
    this.showView();
  }

  // What of the selection can be moved.
  movable() {
    return [...this.selection].filter((id) => this.lab.placed(id)?.locked === false && !whyFixed(this.lab, id));
  }

  // The area of a drawing, or null if it is not shown.
  boxOfDrawing(drawing) {
    return this.stage.elements.get(drawing.drawing_id)?.boxOf(drawing) ?? null;
  }

  // Whether a drag on the map selects.
  setSelects(selects) {
    this.selects = selects;
    this.svg.parentElement?.classList.toggle("selects", selects);
    this.onMode();
  }

  // What is selected, for commands.
  target() {
    const ids = [...this.selection];
    if (ids.length > 1) return { kind: "several", ids, point: null };
    const kind = ids.length ? this.lab.kindOf(ids[0]) ?? "group" : "map";
    return { kind, ids, point: null };
  }

  focus(id) {
    if (id && !this.stage.elements.has(id)) {
      if (this.stage.large) this.arrange(); // it is shown because it is selected
      else if (this.exists(id)) this.stage.draw(id); // it was created in this frame
    }
    this.isFocusing = true; // it is selected already, or shall not be
    this.stage.elements.get(id)?.group.focus({ preventScroll: true });
    this.isFocusing = false;
  }

  // One object of the map is in the tab order; the arrow keys move from there.
  makeReachable() {
    const { elements } = this.stage;
    const wanted = elements.has(this.selected) ? this.selected : this.stage.firstChoosable(this.reachable);
    const shape = elements.get(wanted);
    if (shape === this.reachableShape) return;
    this.reachableShape?.group.setAttribute("tabindex", -1);
    shape?.group.setAttribute("tabindex", 0);
    [this.reachable, this.reachableShape] = [wanted, shape];
  }

  centre(id) {
    return centreOfThing(this, id);
  }

  neighbour(id, direction) {
    const others = this.stage.choosable().filter((other) => other !== id);
    return nearestTowards(this.centre(id), direction, others.map((other) => [other, this.centre(other)]));
  }

  // The first node of a new link.
  get source() {
    return this.linking.source;
  }

  // Begins a link at a node, or with null ends what was begun.
  startLink(id) {
    if (id === null) this.linking.end();
    else this.linking.begin(id);
  }

  isInView(point) {
    return isSeen([...point, ...point], this.view, this.window);
  }

  // The point of the lab in the middle of the window.
  middle() {
    return middleOf(this.view, this.window);
  }

  // The point of the lab at one of the window.
  pointAt(x, y) {
    return [(x - this.view.x) / this.view.scale, (y - this.view.y) / this.view.scale];
  }

  // --- groups of a large lab ---

  group(id) {
    return this.stage.group(id);
  }

  // Zooms to the nodes of a group. With `focus`, one of them has it then.
  enterGroup(id, focus) {
    const { nodes } = this.group(id);
    this.moved = true;
    this.view = fittedView(nodes.map(boxOf), this.window);
    this.showView();
    this.select(focus ? nodes[0].node_id : null, focus);
  }

  // --- view ---

  showView() {
    const { x, y, scale } = this.view;
    const { scene } = this.stage;
    const named = scale < READABLE && this.lab.nodes.size <= MOST_NAMED;
    const transform = `translate(${x} ${y}) scale(${scale})`;
    set(scene, { transform, class: classNames("map", { far: scale < FAR && !named, named, ports: this.stage.showPortNames() }) });
    if (named) scene.style.setProperty("--name-size", `${Math.round(NAME_PIXELS / scale)}px`);
    this.handle.show();
    this.grid.show(this.lab.project, this.view);
    this.overlays.showView(transform);
    this.arrangeSoon();
  }

  // The place of the lab under the pointer.
  placeAt({ clientX, clientY }) {
    const { left, top } = this.svg.getBoundingClientRect();
    const { x, y, scale } = this.view;
    return [(clientX - left - x) / scale, (clientY - top - y) / scale];
  }

  // A place on the grid of drawings, if they snap to it.
  snapped(place) {
    return snapped(place, { svg: "" }, this.lab.project);
  }

  resize() {
    this.window = [this.svg.clientWidth || WINDOW[0], this.svg.clientHeight || WINDOW[1]];
    if (this.moved) this.showView();
    else this.fit();
  }

  // `change` makes the next view of the present one.
  changeView(change) {
    this.moved = true;
    this.view = change(this.view);
    this.showView();
  }

  moveView(x, y) {
    this.moved = true;
    Object.assign(this.view, { x, y });
    this.showView();
  }

  zoom(factor, at = this.window.map((length) => length / 2)) {
    this.moved = true;
    this.view = zoomedView(this.view, factor, at);
    this.showView();
  }

  // Fits the whole lab into the window, until the user moves or zooms.
  fit() {
    this.moved = false;
    const boxes = [...this.lab.nodes.values()].map(boxOf);
    for (const drawing of this.lab.drawings.values()) if (this.stage.elements.has(drawing.drawing_id)) boxes.push(this.boxOfDrawing(drawing));
    this.view = fittedView(boxes, this.window);
    this.showView();
  }

  // Centres a node or link, near enough to be read, or a group.
  reveal(id) {
    this.moved = true;
    this.view = viewOf(this.centre(id), this.view, this.window, this.group(id) ? 0 : undefined);
    this.showView();
  }

  // Centres an object if it is outside of the view.
  include(id) {
    const node = this.lab.nodes.get(id);
    const drawing = this.lab.drawings.get(id);
    const box = node ? boxOf(node) : drawing && this.boxOfDrawing(drawing);
    const seen = isSeen(box ?? [...this.centre(id), ...this.centre(id)], this.view, this.window);
    if (!seen && this.moved) this.reveal(id);
    else if (!seen) this.fit();
  }

  // A position for a new node where it covers no other, as near as possible to a point.
  freePlace(around = this.middle()) {
    return freePlace(around, [...this.lab.nodes.values()]);
  }
}

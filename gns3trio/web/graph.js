// The lab as a drawing: nodes, links and pictures, which are moved, joined and chosen by mouse and by keyboard.

import { at, put } from "./api.js";
import { formatRate, s, set, setText, tell } from "./dom.js";

const STEP = 10;
const ZOOM = 1.15;
// With smaller pictures texts cannot be read, and cost the most to draw.
const FAR = 0.35;
// What is chosen from a list is shown as large as this, at least.
const NEAR = 0.8;
// A node whose size is not known has that of most symbols.
const [WIDTH, HEIGHT] = [65, 59];
// Parallel links have this distance, which has room for a text, until all of them are as wide as this.
const [LANE, WIDEST] = [16, 100];
// New nodes are put this far from each other: there is a name above each, and links need room.
const [COLUMN, ROW] = [130, 110];

export class Graph {
  constructor(lab, { onSelect, onOpen, onDelete, onLink }) {
    Object.assign(this, { lab, onSelect, onOpen, onDelete, onLink });
    this.elements = new Map();
    this.selected = null;
    this.source = null;
    this.saving = new Map(); // timers by node
    this.view = { x: 0, y: 0, scale: 1 };
    this.pictures = s("g");
    this.wires = s("g");
    this.things = s("g");
    this.scene = s("g", {}, this.pictures, this.wires, this.things);
    this.svg = s("svg", { role: "group", "aria-label": "Lab" }, this.scene);
    this.moved = false; // by the user: what is seen then stays
    this.listen();
    new ResizeObserver(() => this.moved || this.fit()).observe(this.svg);
    lab.views.add(this);
  }

  // --- drawing ---

  reset() {
    this.elements.clear();
    for (const layer of [this.pictures, this.wires, this.things]) layer.replaceChildren();
    const nodes = [...this.lab.nodes.values()].sort((a, b) => a.z - b.z);
    for (const node of nodes) this.drawNode(node);
    for (const link of this.lab.links.values()) this.drawLink(link);
    for (const drawing of this.lab.drawings.values()) this.drawPicture(drawing);
    this.select(this.elements.has(this.selected) ? this.selected : null);
    this.makeReachable();
    if (!this.moved) this.fit();
  }

  update(changed) {
    for (const id of changed) {
      const node = this.lab.nodes.get(id);
      const link = this.lab.links.get(id);
      const drawing = this.lab.drawings.get(id);
      if (node) this.drawNode(node);
      else if (link) this.drawLink(link);
      else if (drawing) this.drawPicture(drawing);
      else if (this.elements.has(id)) {
        this.elements.get(id).group.remove();
        this.elements.delete(id);
        if (this.selected === id) this.select(null);
      }
    }
    this.makeReachable();
  }

  drawNode(node) {
    let element = this.elements.get(node.node_id);
    if (!element) {
      const image = s("image");
      const plate = s("rect", { class: "plate", rx: 6 });
      const ring = s("rect", { class: "ring", rx: 6, x: -5, y: -5 });
      const label = s("text");
      const lamp = s("circle", { class: "lamp", r: 6 });
      const group = s("g", { "data-id": node.node_id, role: "button", tabindex: -1 }, plate, ring, image, lamp, label);
      element = { group, image, plate, ring, label, lamp };
      this.elements.set(node.node_id, element);
      this.things.append(group);
    }
    const { group, image, plate, ring, label, lamp } = element;
    const [width, height] = sizeOf(node);
    const kept = this.lab.problems.has(node.node_id);
    const state = { started: node.status === "started", source: this.source === node.node_id, kept };
    set(group, {
      transform: `translate(${node.x} ${node.y})`,
      class: this.classes("node", node.node_id, state),
      "aria-label": `${node.name}, ${node.node_type.replaceAll("_", " ")}, ${kept ? "does not run here" : node.status}`,
    });
    set(image, { href: at(`/v2/symbols/${encodeURIComponent(node.symbol)}/raw`), width, height });
    set(plate, { width, height });
    set(ring, { width: width + 10, height: height + 10 });
    set(lamp, { cx: width - 4, cy: height - 4 });
    set(label, { x: width / 2, y: -8 });
    setText(label, node.name);
  }

  drawLink(link) {
    const ends = link.nodes.map((end) => this.lab.nodes.get(end.node_id));
    if (ends.length !== 2 || ends.some((node) => !node)) return; // GNS3 writes links with one end, or none
    let element = this.elements.get(link.link_id);
    if (!element) {
      const hit = s("line", { class: "hit" });
      const wire = s("line", { class: "wire" });
      const dot = s("circle", { class: "capture", r: 5 }, s("title", {}, "is being captured"));
      const load = s("text", { class: "load" });
      const filters = s("text", { class: "filters" });
      const group = s("g", { "data-id": link.link_id, role: "button", tabindex: -1 }, hit, wire, dot, load, filters);
      element = { group, hit, wire, dot, load, filters };
      this.elements.set(link.link_id, element);
      this.wires.append(group);
    }
    const { group, hit, wire, dot, load, filters } = element;
    const [a, b] = ends.map((node) => this.centre(node.node_id));
    const { shift, at, alone } = this.laneOf(link, a, b);
    const line = { x1: a[0] + shift[0], y1: a[1] + shift[1], x2: b[0] + shift[0], y2: b[1] + shift[1] };
    const [x, y] = [line.x1 + at * (line.x2 - line.x1), line.y1 + at * (line.y2 - line.y1)];
    const { bits, lost } = this.lab.rate(link.link_id);
    const broken = this.lab.problems.has(link.link_id);
    const state = { busy: bits > 0, losing: lost > 0, suspended: link.suspend, capturing: link.capturing, broken };
    const said = [...(broken ? ["broken"] : []), ...describeFilters(link), ...(link.suspend ? ["suspended"] : [])].join(" · ");
    set(hit, line);
    set(wire, line);
    wire.style.strokeWidth = bits ? Math.min(2 + Math.log10(bits + 1) / 1.6, 8) : "";
    set(dot, { cx: x, cy: y });
    set(load, alone ? { x, y: y - 6, "text-anchor": "middle" } : { x: x - 8, y: y - 3, "text-anchor": "end" });
    set(filters, alone ? { x, y: y + 15, "text-anchor": "middle" } : { x: x + 8, y: y - 3, "text-anchor": "start" });
    setText(load, bits ? formatRate(bits) + (lost >= 0.5 ? `, ${Math.round(lost)} lost/s` : "") : "");
    setText(filters, said);
    set(group, {
      class: this.classes("link", link.link_id, state),
      "aria-label": `Link ${this.lab.linkName(link)}${said ? `, ${said}` : ""}`,
    });
  }

  // Links between the same two nodes lie beside each other. Their texts are in one line, and at different places.
  laneOf(link, a, b) {
    const [first, second] = link.nodes.map((end) => end.node_id);
    const parallel = [...(this.lab.linksOfNode.get(first) ?? [])]
      .filter((id) => this.lab.linksOfNode.get(second)?.has(id)).sort();
    if (parallel.length < 2) return { shift: [0, 0], at: 0.5, alone: true };
    const lane = parallel.indexOf(link.link_id);
    const way = first < second ? 1 : -1; // seen from the same end, whichever end comes first in the link
    const place = Math.min(LANE, WIDEST / parallel.length) * (lane - (parallel.length - 1) / 2) * way;
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const covered = Math.min(HEIGHT / length, 0.3); // by the nodes
    const part = (1 - 2 * covered) * ((lane + 1) / (parallel.length + 1) - 0.5) * way;
    return { shift: [(-(b[1] - a[1]) / length) * place, ((b[0] - a[0]) / length) * place], at: 0.5 + part, alone: false };
  }

  // A drawing is shown as an image: what is in it can do nothing here.
  drawPicture(drawing) {
    let element = this.elements.get(drawing.drawing_id);
    if (!element) {
      const image = s("image");
      element = { group: s("g", { "aria-hidden": "true" }, image), image };
      this.elements.set(drawing.drawing_id, element);
      this.pictures.append(element.group);
    }
    if (element.svg !== drawing.svg) {
      element.svg = drawing.svg;
      let svg = drawing.svg;
      if (!svg.includes("xmlns=")) svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
      set(element.image, { href: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}` });
    }
    set(element.group, { transform: `translate(${drawing.x} ${drawing.y}) rotate(${drawing.rotation})` });
  }

  classes(kind, id, states) {
    const on = Object.entries({ ...states, selected: this.selected === id }).filter(([, value]) => value);
    return [kind, ...on.map(([name]) => name)].join(" ");
  }

  redraw(id) {
    if (id) this.lab.touch(id);
  }

  // --- choosing ---

  select(id, focus = false) {
    const before = this.selected;
    this.selected = id;
    this.redraw(before);
    this.redraw(id);
    this.makeReachable();
    if (focus) {
      this.include(id);
      this.elements.get(id)?.group.focus({ preventScroll: true });
    }
    this.onSelect(id);
  }

  // One thing of the drawing is in the order of the tabulator key; the arrows go on from there.
  makeReachable() {
    const wanted = this.elements.has(this.selected) ? this.selected : this.lab.nodes.keys().next().value;
    if (wanted === this.reachable) return;
    this.elements.get(this.reachable)?.group.setAttribute("tabindex", -1);
    this.elements.get(wanted)?.group.setAttribute("tabindex", 0);
    this.reachable = wanted;
  }

  centre(id) {
    const node = this.lab.nodes.get(id);
    if (node) return [node.x + sizeOf(node)[0] / 2, node.y + sizeOf(node)[1] / 2];
    const centres = this.lab.links.get(id)?.nodes.map((end) => this.centre(end.node_id)) ?? [];
    return [0, 1].map((axis) => centres.reduce((sum, place) => sum + place[axis], 0) / Math.max(centres.length, 1));
  }

  neighbour(id, [dx, dy]) {
    const [x, y] = this.centre(id);
    let best = null;
    let nearest = Infinity;
    for (const other of [...this.lab.nodes.keys(), ...this.lab.links.keys()]) {
      if (other === id || !this.elements.has(other)) continue;
      const [ox, oy] = this.centre(other);
      const [along, across] = dx ? [(ox - x) * dx, oy - y] : [(oy - y) * dy, ox - x];
      const distance = along + 2 * Math.abs(across);
      if (along > 0 && distance < nearest) [best, nearest] = [other, distance];
    }
    return best;
  }

  startLink(id) {
    const before = this.source;
    this.source = id;
    this.redraw(before);
    this.redraw(id);
    this.svg.parentElement?.classList.toggle("linking", id !== null);
  }

  // --- mouse and keyboard ---

  listen() {
    this.svg.addEventListener("pointerdown", (event) => this.press(event));
    this.svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, event.offsetX, event.offsetY);
    }, { passive: false });
    this.svg.addEventListener("dblclick", (event) => {
      const id = idAt(event);
      if (id) this.onOpen(id);
    });
    this.svg.addEventListener("keydown", (event) => this.pressKey(event));
    this.svg.addEventListener("focusin", (event) => {
      const id = idAt(event);
      if (id && id !== this.selected && event.target.matches(":focus-visible")) this.select(id);
    });
  }

  press(event) {
    const id = idAt(event);
    const node = this.lab.nodes.get(id);
    if (this.source && node && id !== this.source) {
      this.onLink(this.source, id);
      this.startLink(null);
      return;
    }
    this.select(id);
    this.elements.get(id)?.group.focus({ preventScroll: true });
    const start = { x: event.clientX, y: event.clientY, at: node ? [node.x, node.y] : [this.view.x, this.view.y] };
    let moved = false;
    const move = (next) => {
      const [dx, dy] = [next.clientX - start.x, next.clientY - start.y];
      if (!moved && Math.hypot(dx, dy) <= 3) return;
      if (!moved) this.svg.setPointerCapture(event.pointerId); // not before: a click would go to the whole drawing
      moved = true;
      if (node && !node.locked) {
        this.place(id, start.at[0] + dx / this.view.scale, start.at[1] + dy / this.view.scale);
      } else if (!node) {
        this.moved = true;
        Object.assign(this.view, { x: start.at[0] + dx, y: start.at[1] + dy });
        this.showView();
      }
    };
    const end = () => {
      this.svg.removeEventListener("pointermove", move);
      this.svg.removeEventListener("pointerup", end);
      this.svg.removeEventListener("pointercancel", end);
      if (moved && node && !node.locked) this.keepPlace(id);
    };
    this.svg.addEventListener("pointermove", move);
    this.svg.addEventListener("pointerup", end);
    this.svg.addEventListener("pointercancel", end);
  }

  place(id, x, y) {
    this.lab.nodes.set(id, { ...this.lab.nodes.get(id), x: Math.round(x), y: Math.round(y) });
    this.lab.touch(id);
    for (const link of this.lab.linksOfNode.get(id) ?? []) this.lab.touch(link);
  }

  keepPlace(id) {
    clearTimeout(this.saving.get(id));
    this.saving.set(id, setTimeout(async () => {
      this.saving.delete(id);
      const { x, y } = this.lab.nodes.get(id) ?? {};
      if (x === undefined) return;
      try {
        await put(`${this.lab.path}/nodes/${id}`, { x, y });
      } catch (error) {
        tell(error.message, "error");
      }
    }, 150));
  }

  pressKey(event) {
    const id = idAt(event);
    const arrow = ARROWS[event.key];
    const node = this.lab.nodes.get(id);
    if (event.key === "Escape") {
      this.startLink(null);
      this.select(null);
    } else if (!id) {
      return;
    } else if (arrow && event.shiftKey && node && !node.locked) {
      this.place(id, node.x + arrow[0] * STEP, node.y + arrow[1] * STEP);
      this.keepPlace(id);
    } else if (arrow) {
      const next = this.neighbour(id, arrow);
      if (next) this.select(next, true);
    } else if (event.key === "Enter" || event.key === " ") {
      if (this.source && node && id !== this.source) {
        this.onLink(this.source, id);
        this.startLink(null);
      } else if (event.key === "Enter") this.onOpen(id);
      else this.select(id);
    } else if (event.key === "Delete") {
      this.onDelete(id);
    } else if (event.key === "l" && node) {
      this.startLink(id);
    } else {
      return;
    }
    event.preventDefault();
  }

  // --- what is seen ---

  showView() {
    const { x, y, scale } = this.view;
    set(this.scene, { transform: `translate(${x} ${y}) scale(${scale})`, class: scale < FAR ? "far" : "" });
  }

  zoom(factor, x = this.svg.clientWidth / 2, y = this.svg.clientHeight / 2) {
    this.moved = true;
    const scale = Math.min(Math.max(this.view.scale * factor, 0.03), 4);
    const ratio = scale / this.view.scale;
    this.view = { x: x - (x - this.view.x) * ratio, y: y - (y - this.view.y) * ratio, scale };
    this.showView();
  }

  // All of the lab. It stays so until the user moves or zooms.
  fit() {
    this.moved = false;
    const boxes = [...this.lab.nodes.values()].map(boxOf);
    for (const { x, y, svg } of this.lab.drawings.values()) {
      const [width, height] = ["width", "height"].map((name) => Number(svg.match(new RegExp(`<svg[^>]*\\b${name}="?'?(\\d+)`))?.[1] ?? 0));
      boxes.push([x, y, x + width, y + height]);
    }
    if (!boxes.length) boxes.push([-200, -150, 200, 150]);
    const [left, top, right, bottom] = boxes.reduce((all, box) => all.map((edge, place) => Math[place < 2 ? "min" : "max"](edge, box[place])));
    const [width, height] = [this.svg.clientWidth || 800, this.svg.clientHeight || 600];
    const scale = Math.min(width / (right - left + 120), height / (bottom - top + 180), 1.6);
    this.view = { scale, x: width / 2 - (scale * (left + right)) / 2, y: height / 2 - (scale * (top + bottom)) / 2 + 20 };
    this.showView();
  }

  // Brings a node or link to the middle of the screen.
  reveal(id) {
    this.moved = true;
    const [x, y] = this.centre(id);
    const scale = Math.max(this.view.scale, NEAR);
    this.view = { x: this.svg.clientWidth / 2 - scale * x, y: this.svg.clientHeight / 2 - scale * y, scale };
    this.showView();
  }

  // Lets a node or link be seen that is where nobody looks.
  include(id) {
    const { x, y, scale } = this.view;
    const node = this.lab.nodes.get(id);
    const [left, top, right, bottom] = node ? boxOf(node) : [...this.centre(id), ...this.centre(id)];
    const seen = left * scale + x > 0 && top * scale + y > 0 &&
      right * scale + x < this.svg.clientWidth && bottom * scale + y < this.svg.clientHeight;
    if (!seen && this.moved) this.reveal(id);
    else if (!seen) this.fit();
  }

  // Where a new node covers no other: as near as there is to the middle of what is seen.
  freePlace() {
    const { x, y, scale } = this.view;
    const middle = [(this.svg.clientWidth / 2 - x) / scale - WIDTH / 2, (this.svg.clientHeight / 2 - y) / scale - HEIGHT / 2];
    const [left, top] = middle.map((place) => STEP * Math.round(place / STEP));
    const taken = [...this.lab.nodes.values()].map((node) => [node.x, node.y]);
    for (let far = 0; ; far += 1) {
      for (const [column, row] of ringOf(far)) {
        const place = [left + COLUMN * column, top + ROW * row];
        if (!taken.some((other) => Math.abs(other[0] - place[0]) < COLUMN && Math.abs(other[1] - place[1]) < ROW)) return place;
      }
    }
  }
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const sizeOf = ({ width, height }) => [width || WIDTH, height || HEIGHT];

function boxOf(node) {
  const [width, height] = sizeOf(node);
  return [node.x, node.y, node.x + width, node.y + height];
}

// The places of a grid that are `far` steps from its middle, nearest first.
function ringOf(far) {
  const places = [];
  for (let row = -far; row <= far; row += 1) {
    for (let column = -far; column <= far; column += 1) {
      if (Math.max(Math.abs(row), Math.abs(column)) === far) places.push([column, row]);
    }
  }
  return places.sort((a, b) => Math.hypot(...a) - Math.hypot(...b));
}

const idAt = (event) => event.target.closest?.("[data-id]")?.dataset.id ?? null;

const FILTER_TEXTS = {
  delay: ([latency, jitter]) => `${latency}${jitter ? ` ± ${jitter}` : ""} ms`,
  packet_loss: ([chance]) => `${chance} % loss`,
  corrupt: ([chance]) => `${chance} % corrupt`,
  frequency_drop: ([nth]) => (nth === -1 ? "drops all" : `drops each ${nth}th`),
  bpf: () => "BPF",
};

export function describeFilters(link) {
  return Object.entries(link.filters ?? {}).map(([name, values]) => FILTER_TEXTS[name]?.(values) ?? name);
}

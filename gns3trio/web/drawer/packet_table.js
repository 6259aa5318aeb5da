// The rows of a list of packets, of which only those in view are elements.

import { h, setText } from "../dom.js";
import { rowsInView } from "../panels/windowed_list.js";
import { formatDelta, formatMoment } from "./packet_list.js";

const ROW = 20; // pixels, as in drawer.css
const COLUMNS = [["No.", "no"], ["Time", "moment"], ["Since previous", "since"], ["⇄", "way"], ["Source", "end"], ["Destination", "end"],
  ["Protocol", "protocol"], ["Bytes", "size"], ["What", "what"]].map(([text, kind]) => ({ text, className: `packet-${kind}`, isWay: kind === "way" }));

export class PacketTable {
  // `told(packet)` is what is shown of a packet, `onSelect(packet)` is called when one is chosen.
  constructor({ list, told, directions, onSelect }) {
    Object.assign(this, { list, told, onSelect, selected: null, follows: true });
    this.rows = h("tbody");
    [this.above, this.below] = ["above", "below"].map(() => h("tr", { "aria-hidden": true, className: "space" }, h("td", { colSpan: COLUMNS.length })));
    const heads = COLUMNS.map(({ text, className, isWay }) => h("th", { scope: "col", className, title: isWay ? directions : "" }, text));
    this.table = h("table", { role: "grid", tabIndex: 0, ariaLabel: "Packets", onkeydown: (event) => this.pressKey(event) },
      h("colgroup", {}, COLUMNS.map(({ className }) => h("col", { className }))), h("thead", {}, h("tr", {}, heads)), this.rows);
    this.element = h("div", { className: "packet-rows", onscroll: () => this.scrolled() }, this.table);
    this.resizing = new ResizeObserver(() => this.update()); // also when it is shown again: what came meanwhile is at the end
    this.resizing.observe(this.element);
  }

  close() {
    this.resizing.disconnect();
  }

  scrolled() {
    if (!this.element.clientHeight) return; // it is hidden, which is nothing that the user has done
    const { scrollTop, clientHeight, scrollHeight } = this.element;
    this.follows = scrollTop + clientHeight >= scrollHeight - 2 * ROW;
    this.draw();
  }

  // `removed` rows are gone at the beginning: what is in view stays there.
  update(removed = 0) {
    const { element } = this;
    const top = this.follows ? Infinity : Math.max(element.scrollTop - removed * ROW, 0);
    this.draw();
    element.scrollTop = top === Infinity ? element.scrollHeight : top;
    this.draw();
  }

  draw() {
    const { shown } = this.list;
    const [first, end] = rowsInView(this.element.scrollTop, this.element.clientHeight, shown.length, ROW);
    this.above.style.height = `${first * ROW}px`;
    this.below.style.height = `${(shown.length - end) * ROW}px`;
    const drawn = shown.slice(first, end).map((packet, place) => this.row(packet, shown[first + place - 1] ?? null));
    this.rows.replaceChildren(this.above, ...drawn, this.below);
    this.table.setAttribute("aria-rowcount", shown.length);
    const isDrawn = drawn.some((row) => row.id === this.idOf(this.selected));
    if (isDrawn) this.table.setAttribute("aria-activedescendant", this.idOf(this.selected));
    else this.table.removeAttribute("aria-activedescendant");
  }

  idOf(packet) {
    return packet ? `packet-${packet.number}` : "";
  }

  row(packet, before) {
    const { source, destination, protocol, what, way, from, to } = this.told(packet);
    const direction = h("td", { className: "packet-way", title: from ? `${from} to ${to}` : "" }, way);
    const cells = [packet.number, formatMoment(packet.time), formatDelta(before && packet.time - before.time), direction, source, destination, protocol, packet.length, what];
    const row = h("tr", { id: this.idOf(packet), onclick: () => this.select(packet) },
      cells.map((cell, place) => (cell instanceof Element ? cell : h("td", { className: COLUMNS[place].className }, cell))));
    row.setAttribute("aria-selected", packet === this.selected);
    return row;
  }

  select(packet) {
    this.selected = packet;
    this.draw();
    this.onSelect(packet);
  }

  pressKey(event) {
    const { shown } = this.list;
    const place = shown.indexOf(this.selected);
    const page = Math.max(Math.floor(this.element.clientHeight / ROW) - 2, 1);
    const next = { ArrowDown: place + 1, ArrowUp: place < 0 ? shown.length - 1 : place - 1, PageDown: place + page, PageUp: place - page, Home: 0, End: shown.length - 1 }[event.key];
    if (event.key === "Escape") this.select(null);
    if (next === undefined || !shown.length) return;
    event.preventDefault();
    const to = Math.min(Math.max(next, 0), shown.length - 1);
    this.follows = to === shown.length - 1;
    this.select(shown[to]);
    const { scrollTop, clientHeight } = this.element;
    if (to * ROW < scrollTop) this.element.scrollTop = to * ROW;
    else if ((to + 3) * ROW > scrollTop + clientHeight) this.element.scrollTop = (to + 3) * ROW - clientHeight; // below the heads
  }
}

// The details of a packet: its layers, and its bytes, in which those of the layer are marked that was opened last.
export function showDetails(place, packet, layers, lines) {
  const bytes = [];
  const hex = h("pre", { className: "hex", tabIndex: 0, ariaLabel: "Bytes" }, lines.map((line) => [`${line.at}  `,
    line.hex.map((text) => {
      const byte = h("span", {}, text);
      bytes.push(byte);
      return [byte, " "];
    }), " ".repeat(3 * (16 - line.hex.length)), ` ${line.text}\n`]));
  const mark = ({ at, end }) => {
    for (const [index, byte] of bytes.entries()) byte.classList.toggle("marked", index >= at && index < end);
  };
  const parts = layers.map((layer) => h("details", { open: true, onpointerenter: () => mark(layer), onfocusin: () => mark(layer) },
    h("summary", {}, layer.title), h("dl", {}, layer.fields.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, String(text))]))));
  const title = h("h3", {});
  setText(title, `Packet ${packet.number}${packet.bytes.length < packet.length ? `: ${packet.bytes.length} of ${packet.length} bytes` : ""}`);
  place.replaceChildren(title, ...parts, hex);
}

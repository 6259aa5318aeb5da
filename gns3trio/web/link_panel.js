// The panel of a link: load, filters, captures and the benchmark.

import { get, post, put } from "./api.js";
import { makeBenchmark } from "./benchmark.js";
import { act, button, formatCount, formatRate, h, setText, tell } from "./dom.js";
import { showNewPackets, showPackets } from "./packets.js";
import { linePlot } from "./plot.js";

const SHOWN_SECONDS = 180;
// What the sliders reach; the numbers beside them go further. Name, place in the filter's values, unit.
const SLIDERS = [
  ["delay", 0, "Delay", "ms", 300],
  ["delay", 1, "Jitter ±", "ms", 100],
  ["packet_loss", 0, "Loss", "%", 100],
  ["corrupt", 0, "Corrupt", "%", 100],
];
// Our own filters, in both directions: type, field, how many of what is shown are one of the field.
const OWN_SLIDERS = [
  ["rate", "bits_per_second", "Rate limit", "kbit/s", 10000, 1000],
  ["duplicate", "percent", "Duplicate", "%", 100, 1],
  ["reorder", "percent", "Reorder", "%", 100, 1],
];
const REORDER_MS = 10;

const APPLY_EVERY_MS = 250;

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

export class LinkPanel {
  constructor(side, id, { lab, drawer, deleteThing }) {
    Object.assign(this, { id, lab, drawer });
    this.path = `${lab.path}/links/${id}`;
    this.title = h("h2");
    this.load = h("div");
    this.totals = h("p", { className: "hint" });
    this.suspend = button("Suspend", () => put(this.path, { suspend: !this.link.suspend }));
    this.capture = button("Capture", () => this.toggleCapture());
    this.watch = button("Packets", () => showPackets(drawer, lab, this.link));
    this.download = h("a", { className: "button", hidden: true }, "Download");
    this.sliders = new Map();
    this.edited = new Set(); // keys of numbers that somebody is typing
    this.wanted = new Set();
    this.applying = new Set();
    this.parts = h("div", {}, this.title,
      h("p", { className: "buttons" }, this.suspend, button("Delete", () => deleteThing(id), { className: "danger" })),
      h("h3", {}, "Load"), this.load, this.totals,
      h("h3", {}, "Filters"), this.makeFilters(),
      h("h3", {}, "Capture"), h("p", { className: "buttons" }, this.capture, this.watch, this.download),
      h("h3", {}, "Benchmark (RFC 2544)"), makeBenchmark(lab, id));
    side.replaceChildren(this.parts);
    this.draw();
    this.timer = setInterval(() => this.drawLoad(), 1000);
    act(() => this.readOwnFilters())();
    act(async () => {
      const stats = await get(`${this.path}/statistics`);
      if (!this.lab.traffic.has(id)) this.showTotals(stats);
    })();
  }

  get link() {
    return this.lab.links.get(this.id);
  }

  alive() {
    return Boolean(this.link) && this.parts.isConnected;
  }

  close() {
    clearInterval(this.timer);
    this.lab.onBenchmark = null;
  }

  update(changed) {
    if (changed.has(this.id)) this.draw();
  }

  draw() {
    const link = this.link;
    if (!link) return;
    setText(this.title, this.lab.linkName(link));
    setText(this.suspend, link.suspend ? "Resume" : "Suspend");
    this.suspend.setAttribute("aria-pressed", link.suspend);
    setText(this.capture, link.capturing ? "Stop capture" : "Start capture");
    this.watch.disabled = !link.capturing;
    this.download.hidden = !link.capture_file_name;
    if (link.capture_file_name) {
      const file = `${this.lab.path}/files/project-files/captures/${encodeURIComponent(link.capture_file_name)}`;
      Object.assign(this.download, { href: file, download: link.capture_file_name });
    }
    for (const [name, place] of SLIDERS) this.showValue(`${name} ${place}`, link.filters[name]?.[place] ?? 0);
    if (document.activeElement !== this.bpf) this.bpf.value = link.filters.bpf?.[0] ?? "";
    if (document.activeElement !== this.frequency) this.frequency.value = link.filters.frequency_drop?.[0] ?? 0;
    this.drawLoad();
  }

  drawLoad() {
    const traffic = this.lab.traffic.get(this.id);
    const now = Date.now();
    const [a, b] = this.link?.nodes.map((end) => this.lab.nodes.get(end.node_id)?.name) ?? [];
    const history = [...(traffic?.history ?? [])];
    if (history.length) history.push([now, ...(traffic.busy ? history.at(-1).slice(1) : [0, 0, 0])]);
    const series = [1, 2].map((column) => ({
      name: column === 1 ? `${a} → ${b}` : `${b} → ${a}`,
      points: history.map((point) => [point[0], point[column]]),
    }));
    const times = { from: now - 1000 * SHOWN_SECONDS, to: now, formatX: (x) => (x === now ? "now" : `−${SHOWN_SECONDS / 60} min`) };
    const parts = [linePlot(series, { ...times, label: "Load", format: formatRate })];
    if (history.some((point) => point[3] > 0)) {
      const lost = { name: "lost frames/s", points: history.map((point) => [point[0], point[3]]) };
      parts.push(linePlot([{ points: [] }, { points: [] }, lost], { ...times, label: "Lost frames", format: (count) => `${formatCount(count)}/s` }));
    }
    this.load.replaceChildren(...parts);
    if (traffic) this.showTotals(traffic.stats);
  }

  showTotals({ a_to_b, b_to_a }) {
    const reasons = new Map();
    for (const way of [a_to_b, b_to_a]) {
      for (const [reason, count] of Object.entries(way.drops)) if (count) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
    }
    const drops = [...reasons].map(([reason, count]) => `${formatCount(count)} (${reason})`).join(", ");
    setText(this.totals, `${formatCount(a_to_b.frames + b_to_a.frames)} frames, ${formatCount(a_to_b.bytes + b_to_a.bytes)} bytes` +
      (drops ? `; dropped: ${drops}` : ""));
  }

  // --- filters ---

  makeFilters() {
    const filters = SLIDERS.map(([name, place, label, unit, most]) =>
      this.makeSlider(`${name} ${place}`, label, unit, most, () => this.applyLatest("filters")));
    const own = OWN_SLIDERS.map(([type, , label, unit, most]) =>
      this.makeSlider(type, label, unit, most, () => this.applyLatest("own")));
    this.enableOwnFilters(false); // until they are read: what is set then must not replace others
    this.frequency = h("input", { type: "number", min: -1, max: 32767, value: 0, onchange: act(() => this.applyLatest("filters")) });
    this.bpf = h("input", { placeholder: "icmp", spellcheck: false, onchange: act(() => this.applyLatest("filters")) });
    this.others = h("p", { className: "hint" });
    return [filters, own,
      h("label", { className: "field" }, h("span", {}, "Drop each n-th frame (0 none, −1 all)"), this.frequency),
      h("label", { className: "field" }, h("span", {}, "Drop what matches (BPF)"), this.bpf),
      this.others, button("No filters", () => this.clearFilters())];
  }

  makeSlider(key, label, unit, most, apply) {
    const number = h("input", { type: "number", min: 0, value: 0, ariaLabel: `${label} in ${unit}` });
    const range = h("input", { type: "range", min: 0, max: most, value: 0, ariaLabel: label, id: `slider-${key.replace(" ", "-")}` });
    range.addEventListener("input", act(async () => { number.value = range.value; await apply(); }));
    number.addEventListener("input", () => this.edited.add(key));
    number.addEventListener("blur", () => this.edited.delete(key));
    number.addEventListener("change", act(async () => { this.edited.delete(key); range.value = number.value; await apply(); }));
    this.sliders.set(key, { number, range });
    return h("div", { className: "slider" }, h("span", {}, `${label} ${unit}`), range, number);
  }

  showValue(key, value) {
    const { number, range } = this.sliders.get(key);
    if (this.applying.size || this.edited.has(key) || [number, range].some((element) => element.matches(":active"))) return;
    number.value = range.value = value;
    number.value = value;
  }

  valueOf(key) {
    return Number(this.sliders.get(key).number.value) || 0;
  }

  // A slider moves faster than the server answers: one request at a time, a few in a second, and at last one with the
  // newest values.
  async applyLatest(kind) {
    this.wanted.add(kind);
    if (this.applying.has(kind)) return;
    this.applying.add(kind);
    try {
      while (this.wanted.delete(kind)) {
        await Promise.all([kind === "own" ? this.applyOwnFilters() : this.applyFilters(), pause(APPLY_EVERY_MS)]);
      }
    } finally {
      this.applying.delete(kind);
      this.draw();
      if (this.own) this.showOwnFilters(this.own);
    }
  }

  async applyFilters() {
    const filters = {};
    const [latency, jitter] = [this.valueOf("delay 0"), this.valueOf("delay 1")];
    if (latency) filters.delay = [latency, jitter];
    else if (jitter) tell("Jitter needs a delay that it varies.", "warning");
    for (const name of ["packet_loss", "corrupt"]) if (this.valueOf(`${name} 0`)) filters[name] = [this.valueOf(`${name} 0`)];
    if (Number(this.frequency.value)) filters.frequency_drop = [Number(this.frequency.value)];
    if (this.bpf.value.trim()) filters.bpf = [this.bpf.value.trim()];
    this.lab.apply("link.updated", await put(this.path, { filters }));
  }

  async readOwnFilters() {
    this.showOwnFilters(await get(`${this.path}/impairments`));
    this.enableOwnFilters(true);
  }

  enableOwnFilters(enabled) {
    for (const [type] of OWN_SLIDERS) {
      const { number, range } = this.sliders.get(type);
      number.disabled = range.disabled = !enabled;
    }
  }

  showOwnFilters(own) {
    this.own = own;
    const shown = new Set();
    for (const [type, name, , , , factor] of OWN_SLIDERS) {
      const found = own.impairments.find((each) => each.type === type && each.direction === "both");
      if (found) shown.add(found);
      this.showValue(type, found ? found[name] / factor : 0);
    }
    this.kept = own.impairments.filter((each) => !shown.has(each));
    setText(this.others, this.kept.map((each) => `${each.type} (${each.direction.replaceAll("_", " ")})`).join(", "));
  }

  async applyOwnFilters() {
    const impairments = [...this.kept];
    for (const [type, name, , , , factor] of OWN_SLIDERS) {
      const value = this.valueOf(type);
      if (value) impairments.push({ type, [name]: value * factor, ...(type === "reorder" ? { milliseconds: REORDER_MS } : {}) });
    }
    this.showOwnFilters(await put(`${this.path}/impairments`, { impairments, seed: this.own.seed ?? null }));
  }

  async clearFilters() {
    this.wanted.clear();
    await put(this.path, { filters: {}, suspend: false });
    this.showOwnFilters(await put(`${this.path}/impairments`, { impairments: [] }));
  }

  // --- captures ---

  async toggleCapture() {
    if (this.link.capturing) await post(`${this.path}/stop_capture`);
    else {
      const link = await post(`${this.path}/start_capture`);
      this.lab.apply("link.updated", link);
      showNewPackets(this.drawer, this.lab, link);
    }
  }
}

// What a link does to frames: sliders and numbers. What somebody changes here is put into the newest that the server has, so that nothing
// that other clients set is replaced; and a field shows the server's value unless somebody is using it.

import { get, put } from "./api.js";
import { act, button, h, setText, tell } from "./dom.js";

// GNS3's filters: name, place in the filter's values, label, unit, what the slider reaches. The number beside it goes further.
const SLIDERS = [
  ["delay", 0, "Delay", "ms", 300],
  ["delay", 1, "Jitter ±", "ms", 100],
  ["packet_loss", 0, "Loss", "%", 100],
  ["corrupt", 0, "Corrupt", "%", 100],
];
// Our own filters, in both directions: type, field, label, unit, what the slider reaches, how many of what is shown are one of the field.
const OWN_SLIDERS = [
  ["rate", "bits_per_second", "Rate limit", "kbit/s", 10000, 1000],
  ["duplicate", "percent", "Duplicate", "%", 100, 1],
  ["reorder", "percent", "Reorder", "%", 100, 1],
];
const REORDER_MS = 10;

const APPLY_EVERY_MS = 250;

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
const isSlider = (type) => (impairment) => impairment.type === type && impairment.direction === "both";

// The filters of a link after some of their values were changed.
function changeFilters(filters, changes) {
  const after = { ...filters };
  for (const [key, value] of changes) {
    const [name, place] = key.split(" ");
    const values = name === "delay" ? [0, 0] : [];
    Object.assign(values, after[name], { [place]: name === "bpf" ? value.trim() : Number(value) || 0 });
    after[name] = values;
  }
  if (after.delay && !after.delay[0] && after.delay[1]) tell("Jitter needs a delay that it varies.", "warning");
  return Object.fromEntries(Object.entries(after).filter(([, values]) => values[0]));
}

// Our own filters after some sliders were moved: each stays where it is, with what the sliders do not show.
function changeImpairments(impairments, changes) {
  const after = [...impairments];
  for (const [type, value] of changes) {
    const [, name, , , , factor] = OWN_SLIDERS.find(([each]) => each === type);
    const at = after.findIndex(isSlider(type));
    const set = { [name]: Number(value) * factor };
    if (at < 0 && set[name]) after.push({ type, ...set, ...(type === "reorder" ? { milliseconds: REORDER_MS } : {}) });
    else if (set[name]) after[at] = { ...after[at], ...set };
    else if (at >= 0) after.splice(at, 1);
  }
  return after;
}

export class LinkFilters {
  constructor(lab, id) {
    Object.assign(this, { lab, id, path: `${lab.path}/links/${id}` });
    this.fields = new Map(); // by key: the input, the slider if there is one, and how to read its value
    this.edited = new Set(); // keys of fields that somebody is typing into
    this.refused = new Set(); // what the server did not take stays, to be mended
    this.wanted = { filters: new Map(), own: new Map() }; // what is to be sent, by key
    this.sent = { filters: new Map(), own: new Map() };
    this.applying = new Set();
    this.own = { impairments: [], seed: null };
    this.reads = 0;
    this.others = h("p", { className: "hint" });
    this.parts = [
      SLIDERS.map(([name, place, ...shown]) => this.makeSlider("filters", `${name} ${place}`, ...shown)),
      OWN_SLIDERS.map(([type, , ...shown]) => this.makeSlider("own", type, ...shown)),
      this.makeField("frequency_drop 0", "Drop each n-th frame (0 none, −1 all)", { type: "number", min: -1, max: 32767 }),
      this.makeField("bpf 0", "Drop what matches (BPF)", { placeholder: "icmp", spellcheck: false }),
      this.others, button("No filters", () => this.clear()),
    ];
  }

  get link() {
    return this.lab.links.get(this.id);
  }

  makeSlider(kind, key, label, unit, most) {
    const input = h("input", { type: "number", min: 0, value: 0, ariaLabel: `${label} in ${unit}` });
    const range = h("input", { type: "range", min: 0, max: most, value: 0, ariaLabel: label, id: `slider-${key.replace(" ", "-")}` });
    range.addEventListener("input", act(() => { input.value = range.value; return this.change(kind, key); }));
    this.watch(kind, key, input, range);
    return h("div", { className: "slider" }, h("span", {}, `${label} ${unit}`), range, input);
  }

  makeField(key, label, properties) {
    const input = h("input", properties);
    this.watch("filters", key, input);
    return h("label", { className: "field" }, h("span", {}, label), input);
  }

  watch(kind, key, input, range) {
    this.fields.set(key, { kind, input, range });
    input.addEventListener("input", () => this.edited.add(key));
    input.addEventListener("change", act(() => { if (range) range.value = input.value; return this.change(kind, key); }));
    input.addEventListener("blur", () => { this.edited.delete(key); this.draw(); }); // typed, and put back as it was
  }

  // --- showing ---

  // The link may be another now.
  update() {
    if (this.link === this.seen) return;
    this.seen = this.link;
    this.draw();
    act(() => this.readOwn())();
  }

  valueOf(kind, key) {
    if (kind === "filters") {
      const [name, place] = key.split(" ");
      return this.link?.filters[name]?.[place] ?? (name === "bpf" ? "" : 0);
    }
    const [, name, , , , factor] = OWN_SLIDERS.find(([type]) => type === key);
    const found = this.own.impairments.find(isSlider(key));
    return found ? found[name] / factor : 0;
  }

  draw() {
    for (const [key, { kind, input, range }] of this.fields) {
      input.setAttribute("aria-invalid", this.refused.has(key));
      if ([this.edited, this.refused, this.wanted[kind], this.sent[kind]].some((keys) => keys.has(key)) || range?.matches(":active")) continue;
      const value = String(this.valueOf(kind, key));
      if (input.value !== value) input.value = value;
      if (range) range.value = value;
    }
    const hidden = this.own.impairments.filter((each) => !OWN_SLIDERS.some(([type]) => isSlider(type)(each)));
    setText(this.others, hidden.map((each) => `${each.type} (${each.direction.replaceAll("_", " ")})`).join(", "));
  }

  async readOwn() {
    const read = ++this.reads;
    const own = await get(`${this.path}/impairments`);
    if (read === this.reads) this.showOwn(own); // or it is older than what is shown
  }

  showOwn(own) {
    this.own = own;
    this.draw();
  }

  // --- changing ---

  // A slider moves faster than the server answers: one request at a time, a few in a second, and at last one with the newest values.
  async change(kind, key) {
    this.edited.delete(key);
    this.refused.delete(key);
    this.wanted[kind].set(key, this.fields.get(key).input.value);
    if (this.applying.has(kind)) return;
    this.applying.add(kind);
    let failure;
    while (this.wanted[kind].size) {
      const changes = this.sent[kind] = this.wanted[kind];
      this.wanted[kind] = new Map();
      try {
        await Promise.all([kind === "own" ? this.applyOwn(changes) : this.applyFilters(changes), pause(APPLY_EVERY_MS)]);
      } catch (error) {
        failure = error;
        for (const refused of changes.keys()) if (!this.wanted[kind].has(refused)) this.refused.add(refused);
      }
    }
    this.sent[kind] = new Map();
    this.applying.delete(kind);
    this.draw();
    if (failure) throw failure;
  }

  async applyFilters(changes) {
    const before = this.link;
    if (!before) return; // it was deleted meanwhile
    const after = await put(this.path, { filters: changeFilters(before.filters, changes) });
    if (this.link === before) this.lab.apply("link.updated", after); // or an event told of this, and perhaps of more
  }

  async applyOwn(changes) {
    const path = `${this.path}/impairments`;
    const { impairments, seed } = await get(path);
    const own = await put(path, { impairments: changeImpairments(impairments, changes), seed });
    this.reads++;
    this.showOwn(own);
  }

  async clear() {
    for (const keys of [this.wanted.filters, this.wanted.own, this.edited, this.refused]) keys.clear();
    await put(this.path, { filters: {} });
    await put(`${this.path}/impairments`, { impairments: [] });
    await this.readOwn();
  }
}

// The captures of a link: a form that starts one, those that run, and the files of ended ones.

import { act, button } from "../actions.js";
import { get, post, remove } from "../api.js";
import { directionText } from "../conditions.js";
import { h, refill, setText } from "../dom.js";
import { downloadLink, offer } from "../downloads.js";
import { showNewPackets, showPackets } from "../drawer/packets.js";
import { formatBytes } from "../panels/usage_facts.js";
import { FILTER_EXAMPLES, captureRequest, captureText, listOf, timeText } from "./capture_values.js";

const EVERY_MS = 2000;
const DIRECTIONS = ["both", "a_to_b", "b_to_a"];
let made = 0;

export class LinkCaptures {
  constructor({ lab, drawer }, id) {
    Object.assign(this, { lab, drawer, id, path: `${lab.path}/links/${id}`, rows: new Map(), isBusy: false, nextAt: 0, wasCapturing: null });
    this.directions = DIRECTIONS.map((value) => h("option", { value }));
    this.form = this.makeForm();
    this.running = h("ul", { className: "captures", ariaLabel: "Captures that run" });
    this.ended = h("ul", { className: "captures", ariaLabel: "Files of ended captures" });
    this.summary = h("summary");
    this.endedPart = h("details", { hidden: true, open: true }, this.summary, this.ended);
    this.problem = h("p", { className: "hint", role: "status" });
    this.parts = [lab.rights.fence("Link.Capture", [this.form, this.running]), this.endedPart, this.problem];
    this.update();
    this.timer = setInterval(() => this.look(), EVERY_MS);
    this.read();
  }

  makeForm() {
    const number = (made += 1);
    const input = (label, name, properties, hint = null) => h("label", { className: "field" }, h("span", {}, label), h("input", { name, ...properties }), hint);
    const files = h("div", { className: "ring", hidden: true },
      input("Files", "ring_files", { type: "number", min: 2, max: 10000, value: 4 }),
      input("Size of a file in MB", "ring_megabytes", { type: "number", min: 0.3, step: "any", value: 10 }));
    const keep = h("select", { name: "keep", onchange: () => { files.hidden = keep.value !== "newest"; } },
      h("option", { value: "all" }, "everything, in one file"), h("option", { value: "newest" }, "the newest packets, in a ring of files"));
    return h("form", { className: "capture-form", onsubmit: act(async (event) => { event.preventDefault(); await this.start(); }) },
      input("Only packets that match", "expression", { maxLength: 1024, spellcheck: false, placeholder: "all; or such as dhcp", list: `capture-filters-${number}` }),
      h("datalist", { id: `capture-filters-${number}` }, FILTER_EXAMPLES.map((value) => h("option", { value }))),
      h("details", {}, h("summary", {}, "More: name, direction, ring of files"),
        input("Name of the file", "file_name", { maxLength: 200, spellcheck: false, placeholder: "from the names of the nodes" }),
        h("label", { className: "field" }, h("span", {}, "Direction"), h("select", { name: "direction" }, this.directions)),
        h("label", { className: "field" }, h("span", {}, "Keep"), keep), files,
        input("Bytes of each packet", "snaplen", { type: "number", min: 1, max: 262144, placeholder: "all" }),
        h("p", { className: "hint" }, "A filter is the name of a protocol, or an expression of pcap-filter(7), such as udp port 67 or 68.")),
      h("p", { className: "buttons" }, h("button", { className: "primary" }, "Start capture"),
        button("Packets", () => showPackets(this.drawer, this.lab, this.link), { title: "Show what crosses the link, without saving it" })));
  }

  get link() {
    return this.lab.links.get(this.id);
  }

  close() {
    clearInterval(this.timer);
  }

  update() {
    const link = this.link;
    if (!link) return;
    this.directions.forEach((option, place) => setText(option, directionText(DIRECTIONS[place], this.lab.endNames(link))));
    if (this.wasCapturing !== null && this.wasCapturing !== link.capturing) this.read();
    this.wasCapturing = link.capturing;
  }

  // What was typed stays in the form if the server refuses it.
  async start() {
    const { route, body } = captureRequest(Object.fromEntries(new FormData(this.form)), this.link.capturing);
    const started = await post(`${this.path}/${route}`, body);
    if (route === "start_capture") this.lab.apply("link.updated", started);
    this.form.reset();
    this.form.querySelector(".ring").hidden = true;
    showNewPackets(this.drawer, this.lab, this.link, started.expression ?? "");
    await this.read();
  }

  // The counters change all the time. They are asked for while somebody may look at them.
  look() {
    if (performance.now() > this.nextAt && this.form.checkVisibility() && !document.hidden) this.read();
  }

  async read() {
    if (this.isBusy) return;
    this.isBusy = true;
    const began = performance.now();
    try {
      this.draw(listOf(await get(`${this.lab.path}/captures`), this.id));
      setText(this.problem, "");
    } catch (error) {
      setText(this.problem, `The captures cannot be listed: ${error.message}`);
    } finally {
      this.isBusy = false;
      this.nextAt = performance.now() + 10 * (performance.now() - began); // a busy server is asked less often
    }
  }

  draw({ running, ended, more }) {
    const words = (direction) => directionText(direction, this.lab.endNames(this.link));
    refill(this.running, ...running.map((each) => this.row(each.capture_id, each.file_name, this.link ? captureText(each, words) : "", each.files, each)));
    refill(this.ended, ...ended.map((file) => this.row(file.name, file.name, `${formatBytes(file.size)} · ended ${timeText(file.modified)}`, [file])));
    this.endedPart.hidden = ended.length === 0;
    setText(this.summary, `Ended captures of this lab (${ended.length + more}${more ? `, of which these are the newest ${ended.length}` : ""})`);
    const listed = new Set([...running.map(({ capture_id }) => capture_id), ...ended.map(({ name }) => name)]);
    for (const key of this.rows.keys()) if (!listed.has(key)) this.rows.delete(key);
  }

  // An entry stays as long as its capture or file, so that a button keeps the focus.
  row(key, name, text, files, capture = null) {
    if (!this.rows.has(key)) this.rows.set(key, this.makeRow(name, capture));
    const row = this.rows.get(key);
    setText(row.facts, text);
    const names = files.map((file) => file.name).join("\n");
    if (row.names !== names) {
      row.names = names;
      row.downloads.replaceChildren(...files.map((file) => {
        const link = downloadLink({ title: `Save ${file.name} here, as it is now` }, files.length > 1 ? file.name : "Download");
        link.setAttribute("aria-label", `Download ${file.name}`);
        offer(link, `${this.lab.path}/files/project-files/captures/${file.name.split("/").map(encodeURIComponent).join("/")}`, file.name);
        return link;
      }));
    }
    return row.element;
  }

  makeRow(name, capture) {
    const facts = h("span", { className: "hint" });
    const downloads = h("span", { className: "downloads" });
    const stop = capture && button("Stop", () => this.stop(capture), { ariaLabel: `Stop capture ${name}`, title: "End this capture; its file stays" });
    const element = h("li", {}, h("strong", {}, name), facts, h("span", { className: "buttons" }, downloads, stop));
    return { element, facts, downloads, names: null };
  }

  async stop({ capture_id: id }) {
    await remove(`${this.path}/captures/${id}`);
    await this.read();
  }
}

// A live list of the packets of a link: filtered, paused, looked into.

import { button, enable } from "../actions.js";
import { h, setText } from "../dom.js";
import { downloadLink, offer, saveParts } from "../downloads.js";
import { counted, formatCount } from "../format.js";
import { dissect } from "./dissect.js";
import { hexLines, layersOf } from "./packet_details.js";
import { FILTER_HELP, parseFilter } from "./packet_filter.js";
import { PacketList } from "./packet_list.js";
import { endsOf, streamPackets } from "./packet_stream.js";
import { PacketTable, showDetails } from "./packet_table.js";
import { pcapFile } from "./pcap_writer.js";

// With an `expression`, only what it matches is shown (pcap-filter(7), or the name of a protocol).
export function showPackets(drawer, lab, link, { expression = "", ...options } = {}) {
  const title = `Packets ${lab.linkName(link)}${expression ? ` (${expression})` : ""}`;
  const stored = ["packets", `${link.link_id} ${expression}`.trim()]; // see openPackets
  drawer.show(tabOf(link, expression), title, () => new PacketsPane(lab, link.link_id, expression), { stored, ...options });
}

// Opens the tab again that showPackets has stored.
export function openPackets(drawer, lab, stored) {
  const [, id, expression] = /^(\S*) ?(.*)$/s.exec(stored);
  if (lab.links.has(id)) showPackets(drawer, lab, lab.links.get(id), { expression, focus: false });
}

// A new capture gets a new list.
export function showNewPackets(drawer, lab, link, expression = "") {
  drawer.close(tabOf(link, expression));
  showPackets(drawer, lab, link, { expression });
}

const tabOf = (link, expression) => `packets ${link.link_id} ${expression}`.trim();

class PacketsPane {
  constructor(lab, linkId, expression) {
    Object.assign(this, { lab, linkId, expression, waiting: [], frame: 0, state: "", ends: [], ended: false });
    this.list = new PacketList();
    const [a, b] = this.names;
    this.table = new PacketTable({ list: this.list, told: (packet) => this.told(packet), directions: `→ is ${a} to ${b}`, onSelect: (packet) => this.look(packet) });
    this.filter = h("input", { type: "search", ariaLabel: "Filter packets", placeholder: "Filter: icmp src:10.0.0.1 len>100", title: FILTER_HELP, maxLength: 500, oninput: () => this.applyFilter() });
    this.wrong = h("p", { className: "error", role: "alert", hidden: true });
    this.pause = button("Pause", () => this.togglePause());
    this.again = button("Watch again", () => this.start(), { hidden: true });
    this.status = h("span", { className: "hint", role: "status" });
    this.save = button("Save", () => this.saveShown(), { title: "Save the packets of this list as a file of Wireshark's format pcap" });
    this.file = downloadLink({ hidden: true }, "Save the whole capture");
    this.details = h("div", { className: "packet-details", role: "region", ariaLabel: "Details of the packet", tabIndex: 0, hidden: true });
    this.element = h("div", { className: "packets" },
      h("div", { className: "buttons" }, this.filter, this.pause, button("Clear", () => this.clear()), this.again, this.save, this.file, this.status), this.wrong,
      h("div", { className: "packet-parts" }, this.table.element, this.details));
    this.start();
  }

  get link() {
    return this.lab.links.get(this.linkId);
  }

  get names() {
    this.known = this.link?.nodes.map(({ node_id }) => this.lab.nodes.get(node_id)?.name ?? "?") ?? this.known; // a link may be deleted
    return this.known;
  }

  async start() {
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.again.hidden = true;
    this.ended = false;
    this.say("Connecting…");
    try {
      await streamPackets(this.lab, this.link, { signal, expression: this.expression,
        onOpen: () => this.say("Waiting for packets"),
        onPackets: (packets, interfaces) => this.take(packets, interfaces),
      });
      this.say("The capture has ended");
    } catch (error) {
      if (signal.aborted) return;
      this.say(`Packets cannot be shown: ${error.message}`);
    }
    this.ended = true;
    this.again.hidden = false;
  }

  take(packets, interfaces) {
    if (this.ends.length !== interfaces.length && this.link) this.ends = endsOf(interfaces, this.link, this.lab.nodes);
    this.waiting.push(...packets);
    const most = this.list.most;
    if (this.waiting.length > 2 * most) this.list.count += this.waiting.splice(0, this.waiting.length - most).length;
    this.state = "Live";
    if (!this.isPaused) this.frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    const before = this.list.removed;
    this.list.add(this.waiting);
    this.waiting = [];
    this.table.update(this.list.removed - before);
    this.showStatus();
  }

  say(text) {
    this.state = text;
    this.showStatus();
  }

  showStatus() {
    const { count, all, shown, test } = this.list;
    const parts = [this.isPaused ? "Paused" : this.state];
    if (count) parts.push(counted(count, "packet"));
    if (test) parts.push(`${formatCount(shown.length)} shown`);
    if (count > all.length) parts.push(`the newest ${formatCount(all.length)} are kept`);
    setText(this.status, parts.join(", "));
    setText(this.save, `Save ${test ? "these" : "all"} ${formatCount(shown.length)}`);
    enable(this.save, shown.length > 0);
    const name = this.link?.capture_file_name;
    this.file.hidden = !name;
    if (!name) return;
    offer(this.file, `${this.lab.path}/files/project-files/captures/${encodeURIComponent(name)}`, name);
    this.file.title = `${name}: all that the capture has, whatever this list shows`;
  }

  // What is shown of a packet, and what filters look at. Most packets are never in view.
  told(packet) {
    if (packet.told) return packet.told;
    const end = this.ends[packet.interface];
    const [from, to] = end === undefined ? ["", ""] : end === 0 ? this.names : this.names.toReversed();
    packet.told = { ...dissect(packet.bytes), length: packet.length, way: end === undefined ? "" : end === 0 ? "→" : "←", from, to };
    return packet.told;
  }

  // A filter that cannot be read leaves the list as it is.
  applyFilter() {
    try {
      const test = parseFilter(this.filter.value);
      this.list.filter(test && ((packet) => test(this.told(packet))));
      this.complain("");
    } catch (error) {
      this.complain(error.message);
    }
    this.table.update();
    this.showStatus();
  }

  complain(text) {
    setText(this.wrong, text);
    this.wrong.hidden = !text;
    this.filter.setAttribute("aria-invalid", Boolean(text));
  }

  togglePause() {
    this.isPaused = !this.isPaused;
    this.pause.setAttribute("aria-pressed", this.isPaused);
    if (!this.isPaused) this.draw();
    this.showStatus();
  }

  saveShown() {
    const { shown } = this.list;
    saveParts(pcapFile(shown), `${this.names.join("-")}.pcap`, "application/vnd.tcpdump.pcap");
  }

  clear() {
    this.waiting = [];
    this.list.clear();
    this.table.select(null);
    this.table.update();
    this.showStatus();
  }

  look(packet) {
    this.details.hidden = !packet;
    if (packet) showDetails(this.details, packet, layersOf(packet.bytes), hexLines(packet.bytes));
  }

  alive() {
    return !this.ended;
  }

  close() {
    this.stop.abort();
    cancelAnimationFrame(this.frame);
    this.table.close();
  }
}

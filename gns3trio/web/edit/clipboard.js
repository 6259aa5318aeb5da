// Copies objects of a lab, and pastes them there or into another lab, also of another tab.
//
// The text is in the clipboard of the system if the browser lets the page write it, which it does on secure pages only. On others the clipboard
// gets a mark, and the text is in the storage that all pages of this server have in common.

import { tell } from "../messages.js";
import { describeCounts } from "../object_names.js";
import { randomId } from "../random_id.js";
import { MOST_OBJECTS, isMark, isMarkedBy, markOf, parseObjects, writeObjects } from "./clipboard_format.js";
import { BESIDE, copiesOf, linksAmong, middleOfAll } from "./copies.js";
import { deleteObjects } from "./deletion.js";
import { freeNames } from "./numbering.js";
import { creationOf, deletionOf, readObjects } from "./recreation.js";

const KEY = "gns3trio.copied";

export class Clipboard {
  constructor(tools) {
    this.tools = tools;
    this.scriptOf = (type) => tools.lab.types.get(type)?.script_file ?? null;
    this.copying = Promise.resolve();
    this.asked = null; // "copy" or "cut" while the page itself does what the keys do
    this.pasted = { text: "", times: 0 }; // how often the same was pasted: each copy lies beside the one before
    for (const type of ["copy", "cut", "paste"]) {
      document.addEventListener(type, (event) => {
        if (this.asked || this.isForMap(event)) this.take(event);
      });
    }
  }

  // Copies or cuts what is selected, as the keys do.
  request(type) {
    this.asked = type;
    try {
      if (!document.execCommand("copy")) throw new Error("The browser does not let this page use the clipboard: press Ctrl+C.");
    } finally {
      this.asked = null;
    }
  }

  // Not where text is written or was chosen.
  isForMap({ target }) {
    const { graph } = this.tools;
    const isWritten = target instanceof Element && target.closest("input, select, textarea, dialog, .drawer, [contenteditable]");
    return !isWritten && graph.svg.isConnected && (document.getSelection()?.isCollapsed ?? true);
  }

  take(event) {
    const { graph, commands } = this.tools;
    const ids = [...graph.selection];
    const type = this.asked ?? event.type;
    if (type !== "paste" && !ids.length) return;
    event.preventDefault();
    const refusal = commands.forbids(commands.get(type), graph.target());
    if (refusal) {
      commands.onError(new Error(refusal));
      return;
    }
    const work = type === "paste" ? this.paste(event.clipboardData.getData("text/plain"), null) : this.copyOrCut(event.clipboardData, type, ids);
    work.catch(commands.onError);
  }

  copyOrCut(data, type, ids) {
    const mark = markOf(randomId());
    data.setData("text/plain", mark);
    this.copying = this.copy(ids, mark);
    return type === "cut" ? this.copying.then(() => deleteObjects(this.tools, ids)) : this.copying;
  }

  async read(ids) {
    const { lab } = this.tools;
    const nodes = ids.map((id) => lab.nodes.get(id)).filter(Boolean);
    const drawings = ids.map((id) => lab.drawings.get(id)).filter(Boolean);
    if (!nodes.length && !drawings.length) throw new Error("A link is copied together with both its nodes: select them, too.");
    if (nodes.length + drawings.length > MOST_OBJECTS) throw new Error(`At most ${MOST_OBJECTS} objects can be copied at once.`);
    return readObjects(lab, { nodes, links: linksAmong(lab, nodes), drawings });
  }

  async copy(ids, mark) {
    const objects = await this.read(ids);
    const text = writeObjects(objects, mark, this.scriptOf);
    save(text);
    this.pasted = { text, times: 0 };
    await navigator.clipboard?.writeText(text).catch(() => {}); // then it has the mark
    tell(`Copied ${this.nameOf(objects)}.${objects.lost.length ? ` Not copied: ${objects.lost.join(", ")}.` : ""}`);
  }

  // Pastes the text of a clipboard around a point of the lab, or beside what was copied.
  async paste(text, point) {
    await this.copying.catch(() => {}); // it was told
    const found = isMark(text) ? this.marked(text) : text;
    const objects = parseObjects(found, this.scriptOf);
    const times = found === this.pasted.text ? this.pasted.times + 1 : 1;
    await this.add("Paste", objects, point ? fromTo(middleOfAll(objects), point) : this.besides(objects, times));
    this.pasted = { text: found, times: point ? 0 : times };
  }

  marked(mark) {
    const text = localStorage.getItem(KEY) ?? "";
    if (!isMarkedBy(text, mark)) throw new Error("What was copied is not in this browser any more: copy it again.");
    return text;
  }

  // Pastes without a key: the browser may ask whether the page may read the clipboard, or not let it.
  async pasteAt(point) {
    let text = localStorage.getItem(KEY) ?? "";
    try {
      text = (await navigator.clipboard.readText()) || text;
    } catch {
      // What was copied on a page of this server is pasted.
    }
    await this.paste(text, point);
  }

  async duplicate(ids) {
    const objects = await this.read(ids);
    await this.add("Duplicate", objects, [BESIDE, BESIDE]);
    if (objects.lost.length) tell(`Not copied: ${objects.lost.join(", ")}.`);
  }

  // Beside what was copied, or in the middle of the view if that is elsewhere.
  besides(objects, times) {
    const { graph } = this.tools;
    const [x, y] = middleOfAll(objects);
    const by = [times * BESIDE, times * BESIDE];
    return graph.isInView([x + by[0], y + by[1]]) ? by : fromTo([x, y], graph.middle());
  }

  async add(what, objects, by) {
    const { lab, history, graph } = this.tools;
    const copies = copiesOf(objects, by.map(Math.round), (names) => freeNames(names, [...lab.nodes.values()].map(({ name }) => name)));
    const all = [...copies.nodes.map(({ body }) => body.node_id), ...copies.links.map(({ body }) => body.link_id), ...copies.drawings.map(({ body }) => body.drawing_id)];
    await history.make(`${what} ${this.nameOf(objects)}`, creationOf(lab, copies), deletionOf(lab, copies));
    graph.selectAll(all.filter((id) => graph.exists(id)));
  }

  nameOf({ nodes, links, drawings }) {
    if (nodes.length === 1 && !drawings.length) return nodes[0].body.name;
    return describeCounts({ node: nodes.length, link: links.length, drawing: drawings.length });
  }
}

const fromTo = ([ax, ay], [bx, by]) => [bx - ax, by - ay];

const save = (text) => {
  try {
    localStorage.setItem(KEY, text);
  } catch {
    throw new Error("This is too much for the browser to copy: select less of it.");
  }
};

// The settings of a node, or of several of one type at once: a form of what its type says. Changes are sent together, and can be
// undone.

import { act, button, enable } from "../actions.js";
import { get, getText } from "../api.js";
import { h, setText } from "../dom.js";
import { refusalOfName } from "../edit/node_names.js";
import { hasMark, numberOf, withNumber } from "../edit/numbering.js";
import { LARGEST_TEXT } from "../files/file_text.js";
import { counted } from "../format.js";
import { imagesOf } from "../panels/new_node.js";
import { PropertyForm } from "./form.js";
import { sizeOfSymbol } from "./symbols.js";
import { MIXED, bodyBefore, bodyOf, commonValue, whenText } from "./values.js";

// Fields that each node has for itself.
const OWN = new Set(["name"]);
const SCRIPT = "startup_script";
const NOT_SAVED = "Not saved: see the field in red.";
const GONE = "Not saved: not all of these nodes are there any more. Close this form and choose again.";

export class NodeSettings {
  constructor({ lab, history, drafts }, ids) {
    Object.assign(this, { lab, history, drafts, ids, script: null });
    this.type = lab.types.get(this.nodes()[0].node_type);
    this.draftId = ids.toSorted().join(" ");
    const fields = this.type.properties.filter(({ name }) => ids.length === 1 || !OWN.has(name));
    this.form = new PropertyForm(fields, { names: (kind) => this.names(kind), onChange: () => this.changed(), beside: (row) => this.neighbour(row) });
    this.told = h("p", { className: "hint", role: "status" });
    this.problem = h("p", { className: "error", role: "alert", hidden: true });
    this.save = h("button", { type: "submit", className: "primary" }, "Save");
    this.discard = button("Discard", async () => this.giveUp());
    this.element = h("form", { className: "settings", noValidate: true, onsubmit: (event) => {
      event.preventDefault();
      act(() => this.send())();
    } }, this.form.element, h("div", { className: "save" }, this.problem, this.told, h("p", { className: "buttons" }, this.discard, this.save)));
    this.show();
    this.readScript();
    this.restore();
  }

  nodes() {
    return this.ids.map((id) => this.lab.nodes.get(id)).filter(Boolean);
  }

  update(changed) {
    if (!this.ids.some((id) => changed.has(id))) return;
    this.show();
    if (this.ids.length === 1 && this.scriptSeen !== this.nodes()[0]?.properties[SCRIPT]) this.readScript();
  }

  show() {
    const nodes = this.nodes();
    if (nodes.length === 0) return;
    const values = Object.fromEntries(this.form.fields.map((field) => [field.name, this.valueOf(field, nodes)]));
    this.form.show(values, { running: nodes.some(({ status }) => status !== "stopped") && !this.type.always_runs });
    this.showState();
  }

  // The script is a file, which the node itself may have written.
  valueOf(field, nodes) {
    if (field.control !== "script") return commonValue(nodes, field);
    return this.script ?? (nodes.length === 1 ? "" : MIXED);
  }

  async readScript() {
    const file = this.type.script_file;
    if (!file || this.ids.length > 1) return;
    this.scriptSeen = this.nodes()[0]?.properties[SCRIPT];
    try {
      const path = `${this.lab.path}/nodes/${this.ids[0]}/files`;
      const found = (await get(path)).files.find((each) => each.path === file);
      if (found?.size > LARGEST_TEXT) throw new Error("it is too large to be shown here.");
      this.script = found ? await getText(`${path}/${file}`) : "";
    } catch (error) {
      this.tell(`The start-up script cannot be read: ${error.message}`, true);
      return;
    }
    this.show();
  }

  async names(kind) {
    const node = this.nodes()[0];
    if (kind === "images") return (await imagesOf(this.type, node.compute_id)).map((value) => ({ value }));
    if (kind !== "interfaces") return [];
    return (await interfacesOf(node)).map(({ name, type }) => ({ value: name, label: type === "tap" ? `${name} (TAP)` : name }));
  }

  // The node at the other end of the link at a port.
  neighbour({ port_number: port }) {
    if (this.ids.length !== 1 || port === undefined) return "";
    const [id] = this.ids;
    const isHere = (end) => end.node_id === id && end.adapter_number === 0 && end.port_number === Number(port);
    const link = [...this.lab.linksOfNode.get(id) ?? []].map((each) => this.lab.links.get(each)).find((each) => each?.nodes.some(isHere));
    const other = link?.nodes.find((end) => !isHere(end));
    return this.lab.nodes.get(other?.node_id)?.name ?? "";
  }

  changed() {
    this.tell("");
    this.drafts.keep(this.draftId, this.form.changes());
    this.showState();
  }

  restore() {
    const draft = this.drafts.get(this.draftId);
    if (!draft) return;
    this.form.restore(draft);
    this.showState();
  }

  get isChanged() {
    return Object.keys(this.form.changes()).length > 0;
  }

  // Nothing to save: the buttons keep the focus that they have.
  showState() {
    const count = Object.keys(this.form.changes()).length;
    for (const each of [this.save, this.discard]) enable(each, count > 0);
    this.element.classList.toggle("changed", count > 0);
    if (count > 0) this.tell("What you changed is not saved yet.");
  }

  tell(text, isError = false) {
    setText(this.told, isError ? "" : text);
    setText(this.problem, isError ? text : "");
    this.problem.hidden = !isError;
  }

  giveUp() {
    this.form.discard();
    this.drafts.keep(this.draftId, {});
    this.show();
    this.tell("");
  }

  async send() {
    const values = this.form.changes();
    const fields = this.form.fieldsOf(values);
    if (fields.length === 0) return;
    if (!this.form.check(values)) {
      this.tell(NOT_SAVED);
      return;
    }
    const nodes = this.nodes();
    try {
      if (nodes.length < this.ids.length) throw new Error(GONE);
      const refusal = "name" in values ? refusalOfName(this.lab, nodes[0].node_id, values.name ?? "") : "";
      if (refusal) throw new Error(`name: ${refusal}`);
      const size = "symbol" in values ? await sizeOfSymbol(values.symbol) : {};
      const redo = nodes.map((node) => this.put(node, { ...this.whole(node, bodyOf(fields, this.valuesFor(node, values))), ...size }));
      const undo = nodes.map((node) => this.put(node, this.before(node, fields, values)));
      await this.history.make(this.describe(nodes, fields), redo, undo);
    } catch (error) {
      if (this.form.showError(error.message)) this.tell(NOT_SAVED);
      else this.tell(error.message, true);
      return;
    }
    if (SCRIPT in values) this.script = values[SCRIPT] ?? "";
    this.form.saved(values);
    this.drafts.keep(this.draftId, {});
    this.show();
    const running = nodes.filter(({ status }) => status !== "stopped").map(({ name }) => name);
    this.tell(`Saved. ${whenText(fields, this.type.always_runs ? [] : running)}`.trim());
    if (SCRIPT in values) await this.readScript(); // the server puts the node's name into it
  }

  // Whether the script has {n}, which is another number for each of several nodes.
  isCounted(values) {
    return this.ids.length > 1 && typeof values[SCRIPT] === "string" && hasMark(values[SCRIPT]);
  }

  valuesFor({ name }, values) {
    if (!this.isCounted(values)) return values;
    const number = numberOf(name);
    if (number === null) throw new Error(`${SCRIPT}: {n} stands for the number at the end of a name, and ${name} has none.`);
    return { ...values, [SCRIPT]: withNumber(values[SCRIPT], number) };
  }

  put(node, body) {
    return { method: "PUT", path: `${this.lab.path}/nodes/${node.node_id}`, body };
  }

  // The properties of a node that does not run here are replaced as a whole.
  whole(node, body) {
    if (!body.properties || !this.lab.problems.has(node.node_id)) return body;
    return { ...body, properties: { ...node.properties, ...body.properties } };
  }

  before(node, fields, values) {
    const body = this.whole(node, bodyBefore(fields, values, node));
    if (SCRIPT in values && this.script !== null) body.properties[SCRIPT] = this.script;
    return "symbol" in values ? { ...body, width: node.width, height: node.height } : body;
  }

  describe(nodes, fields) {
    const who = nodes.length === 1 ? nodes[0].name : counted(nodes.length, "node");
    return fields.length === 1 ? `Change ${fields[0].label.toLowerCase()} of ${who}` : `Change settings of ${who}`;
  }
}

// The interfaces of the host of a cloud: what the cloud itself says, or its host.
async function interfacesOf(node) {
  if (node.properties.interfaces?.length) return node.properties.interfaces;
  try {
    return await get(`/v2/computes/${encodeURIComponent(node.compute_id)}/network/interfaces`);
  } catch {
    return []; // the host is away: any name can be typed
  }
}

// What runs a node, for types with a choice. It can be changed while the node is stopped.

import { act } from "../actions.js";
import { get } from "../api.js";
import { h, setText } from "../dom.js";

const DEFAULT = "";
// A node that changes may be about to be deleted: it is asked again only after this time.
const AGAIN_MS = 200;

export class NodeEngine {
  // `onEngine` is told the engine whenever it is read.
  constructor({ lab, history }, id, engines, onEngine) {
    Object.assign(this, { lab, history, id, onEngine, path: `${lab.path}/nodes/${id}/engine`, chosen: null });
    this.reads = 0;
    this.default = h("option", { value: DEFAULT }, "the server's default");
    this.select = h("select", { id: "engine", onchange: act(() => this.change()) },
      this.default, engines.map((engine) => h("option", { value: engine }, engine)));
    this.hint = h("p", { className: "hint" });
    this.parts = h("div", {}, h("label", { className: "field" }, h("span", {}, "Engine"), this.select), this.hint);
  }

  // The node may have changed meanwhile.
  update() {
    const node = this.lab.nodes.get(this.id);
    if (!node || node === this.seen) return;
    const isFirst = !this.seen;
    this.seen = node;
    const kept = this.lab.problems.has(this.id);
    this.select.disabled = kept || node.status !== "stopped";
    setText(this.hint, !kept && this.select.disabled ? "Stop the node to change its engine." : "");
    if (!kept) this.readSoon(isFirst ? 0 : AGAIN_MS);
  }

  readSoon(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.isShown() && act(() => this.read())(), wait);
  }

  isShown() {
    return this.lab.nodes.has(this.id) && this.select.isConnected;
  }

  async read() {
    const read = ++this.reads;
    const told = await get(this.path);
    if (read === this.reads) this.show(told); // or it is older than what is shown
  }

  show({ engine, is_default }) {
    const whose = `the ${this.lab.hosts.of(this.seen) ? "host" : "server"}'s default`;
    setText(this.default, is_default && engine !== null ? `${engine} (${whose})` : whose); // another host does not tell its default
    this.select.value = is_default ? DEFAULT : engine;
    this.chosen = is_default ? null : engine;
    this.onEngine(engine);
  }

  async change() {
    this.reads++;
    try {
      const request = (engine) => [{ method: "PUT", path: this.path, body: { engine } }];
      const text = `Change the engine of ${this.lab.nodes.get(this.id).name}`;
      const [told] = await this.history.make(text, request(this.select.value || null), request(this.chosen));
      this.show(told);
    } catch (error) {
      await this.read();
      throw error;
    }
  }
}

// What runs a node, for types with a choice. It can be changed while the node is stopped.

import { act } from "../actions.js";
import { get, put } from "../api.js";
import { h, setText } from "../dom.js";

const DEFAULT = "";

export class NodeEngine {
  // `onEngine` is told the engine whenever it is read.
  constructor(lab, id, engines, onEngine) {
    Object.assign(this, { lab, id, onEngine, path: `${lab.path}/nodes/${id}/engine` });
    this.reads = 0;
    this.default = h("option", { value: DEFAULT }, "the server's default");
    this.select = h("select", { id: "engine", onchange: act(() => this.change()) },
      this.default, engines.map((engine) => h("option", { value: engine }, engine)));
    this.hint = h("p", { className: "hint" });
    this.parts = [h("label", { className: "field" }, h("span", {}, "Engine"), this.select), this.hint];
  }

  // The node may have changed meanwhile.
  update() {
    const node = this.lab.nodes.get(this.id);
    if (!node || node === this.seen) return;
    this.seen = node;
    const kept = this.lab.problems.has(this.id);
    this.select.disabled = kept || node.status !== "stopped";
    setText(this.hint, !kept && this.select.disabled ? "Stop the node to change its engine." : "");
    if (!kept) act(() => this.read())();
  }

  async read() {
    const read = ++this.reads;
    const told = await get(this.path);
    if (read === this.reads) this.show(told); // or it is older than what is shown
  }

  show({ engine, is_default }) {
    setText(this.default, is_default ? `${engine} (the server's default)` : "the server's default");
    this.select.value = is_default ? DEFAULT : engine;
    this.onEngine(engine);
  }

  async change() {
    this.reads++;
    try {
      this.show(await put(this.path, { engine: this.select.value || null }));
    } catch (error) {
      await this.read();
      throw error;
    }
  }
}

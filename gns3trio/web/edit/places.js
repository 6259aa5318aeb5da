// Keeps where objects were moved to: by the mouse, or by keys, whose steps are sent together when they pause.

import { nameOfAll } from "../object_names.js";

const SAVE_AFTER_MS = 150;

export class MovedObjects {
  // `tools` has lab and history. `onError(error)` is told if places could not be kept; the objects are back then.
  constructor(tools, onError) {
    Object.assign(this, { tools, onError });
    this.before = new Map(); // by id: where it was before its first step
    this.timer = null;
  }

  // Moves objects on this page; `keep` tells the server.
  move(places) {
    const { lab } = this.tools;
    for (const [id, [x, y]] of places) {
      const { x: wasX, y: wasY } = lab.placed(id);
      if (!this.before.has(id)) this.before.set(id, [wasX, wasY]);
      lab.place(id, x, y);
    }
  }

  keep() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), SAVE_AFTER_MS);
  }

  async send() {
    const { lab, history } = this.tools;
    const moved = [...this.before].filter(([id, [x, y]]) => lab.placed(id) && (lab.placed(id).x !== x || lab.placed(id).y !== y));
    this.before = new Map();
    if (!moved.length) return;
    const changes = moved.map(([id, [x, y]]) => {
      const now = lab.placed(id);
      return { path: lab.pathOf(id), before: { x, y }, fields: { x: now.x, y: now.y } };
    });
    try {
      await history.change(`Move ${nameOfAll(lab, moved.map(([id]) => id))}`, changes);
    } catch (error) {
      for (const [id, [x, y]] of moved) if (lab.placed(id) && !this.before.has(id)) lab.place(id, x, y);
      this.onError(error);
    }
  }
}

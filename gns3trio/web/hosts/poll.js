// Asks the server the same again and again, for what no event tells.

import { get } from "../api.js";

const EVERY_MS = 2000;

export class Poll {
  // `onReply` gets each reply, or null if there was none. Nothing is asked while the page is not seen.
  constructor(path, onReply) {
    Object.assign(this, { path, onReply, closed: false });
  }

  // Asks now, and from then on every other second.
  async start() {
    if (!globalThis.document?.hidden) {
      let reply = null;
      try {
        reply = await get(this.path);
      } catch {
        // Who asks for a host that is away sees that by its state.
      }
      if (this.closed) return;
      this.onReply(reply);
    }
    this.timer = setTimeout(() => this.start(), EVERY_MS);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
}

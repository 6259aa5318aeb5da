// The trunks of a host: what the server tells of them again and again, with the rates between two times.

import { get } from "../api.js";

const EVERY_MS = 2000;

export class Trunks {
  // Calls `onChange` with what was told, as long as the page is seen and `close` was not called. `id` is that of the host.
  constructor(id, onChange) {
    Object.assign(this, { id, onChange, before: null, closed: false });
    this.peers = [];
    this.trouble = null;
  }

  // Reads them now, and from then on every other second.
  async follow() {
    try {
      if (!globalThis.document?.hidden) this.take(await get(`/v2/computes/${encodeURIComponent(this.id)}/trunks`), Date.now());
    } catch {
      this.take({ peers: [], trouble: null }, Date.now()); // it is away, which its state says
    }
    if (this.closed) return;
    this.onChange(this);
    this.timer = setTimeout(() => this.follow(), EVERY_MS);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }

  take({ peers, trouble }, now) {
    const before = this.before;
    const rate = (peer, name) => {
      const earlier = before?.peers.get(keyOf(peer))?.[name];
      if (earlier === undefined || now <= before.time || peer[name] < earlier) return null; // the other one was started anew
      return (8000 * (peer[name] - earlier)) / (now - before.time);
    };
    this.trouble = trouble;
    this.peers = peers.map((peer) => ({ ...peer, sentRate: rate(peer, "sent_bytes"), receivedRate: rate(peer, "received_bytes") }));
    this.before = { time: now, peers: new Map(peers.map((peer) => [keyOf(peer), peer])) };
  }

  // The trunk to another host; undefined if there is none.
  to(id) {
    return this.peers.find((peer) => peer.compute_id === id);
  }
}

const keyOf = ({ host, port }) => `${host} ${port}`;

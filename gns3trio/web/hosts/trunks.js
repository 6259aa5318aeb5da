// The trunks of a host: what the server tells of them again and again, with the rates between two times.

import { Poll } from "./poll.js";

export class Trunks {
  // Calls `onChange` with what was told, from `follow` to `close`. `id` is that of the host.
  constructor(id, onChange) {
    Object.assign(this, { id, before: null, peers: [], trouble: null });
    this.poll = new Poll(`/v2/computes/${encodeURIComponent(id)}/trunks`, (reply) => {
      this.take(reply ?? { peers: [], trouble: null }, Date.now());
      onChange(this);
    });
  }

  follow() {
    return this.poll.start();
  }

  close() {
    this.poll.close();
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

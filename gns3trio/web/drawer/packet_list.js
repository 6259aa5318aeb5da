// The packets of a live capture that are kept: the newest, and of these the ones that a filter shows.

const MOST_PACKETS = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;

export class PacketList {
  constructor(most = MOST_PACKETS, mostBytes = MOST_BYTES) {
    Object.assign(this, { most, mostBytes });
    this.clear();
    this.test = null;
  }

  clear() {
    this.all = [];
    this.shown = [];
    this.bytes = 0;
    this.count = 0; // of all packets that came
    this.removed = 0; // of those that were shown once and are not kept any more
  }

  // Each packet gets its number.
  add(packets) {
    for (const packet of packets) {
      this.count += 1;
      packet.number = this.count;
      this.bytes += packet.bytes.length;
      this.all.push(packet);
      if (!this.test || this.test(packet)) this.shown.push(packet);
    }
    this.forget();
  }

  forget() {
    let gone = Math.max(this.all.length - this.most, 0);
    for (let place = 0; place < gone; place += 1) this.bytes -= this.all[place].bytes.length;
    while (this.bytes > this.mostBytes && gone < this.all.length) this.bytes -= this.all[gone++].bytes.length;
    if (!gone) return;
    this.all.splice(0, gone);
    const first = this.all[0]?.number ?? Infinity;
    const kept = this.shown.findIndex(({ number }) => number >= first);
    const dropped = kept < 0 ? this.shown.length : kept;
    this.shown.splice(0, dropped);
    this.removed += dropped;
  }

  // Shows those that pass the test, or all for null.
  filter(test) {
    this.test = test;
    this.shown = test ? this.all.filter(test) : [...this.all];
  }
}

// The time between two packets, in seconds, as text of the same width.
export function formatDelta(seconds) {
  if (seconds === null) return "";
  return seconds >= 1000 ? `${seconds.toFixed(0)} s` : `${seconds.toFixed(6)} s`;
}

// The time of day, to the microsecond.
export function formatMoment(time) {
  const date = new Date(time * 1000);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0"));
  return `${parts.join(":")}.${String(Math.floor((time % 1) * 1e6)).padStart(6, "0")}`;
}

// The traffic of a link, from its statistics: current rates, the last minutes, and totals of each direction as text.

import { directionText } from "./conditions.js";
import { counted, formatCount } from "./format.js";

const HISTORY_MS = 300000;
// The points of all histories together, about a hundred bytes each; and the fewest that a link keeps.
const [MOST_POINTS, FEWEST_POINTS] = [200000, 20];
// A link without traffic sends no statistics. After this time it counts as idle.
const STALE_AFTER_MS = 2500;
const NOTHING = [0, 0, 0, 0];

export class LinkTraffic {
  constructor() {
    this.history = []; // [time in ms, bit/s there, bit/s back, drops/s there, drops/s back]
    this.stats = null; // the newest
    this.busy = false;
    this.lost = 0; // drops/s
  }

  // `links` is the number of links with a history: of very many, each has a short one.
  count(stats, now, links = 1) {
    const drops = [stats.a_to_b, stats.b_to_a].map(dropsOf);
    const elapsed = this.stats ? Math.max((now - this.time) / 1000, 0.05) : stats.interval;
    const lost = drops.map((count, way) => (this.stats ? Math.max(count - this.drops[way], 0) / elapsed : 0));
    if (!this.busy) this.history.push([now - 1, ...NOTHING]);
    Object.assign(this, { time: now, drops, stats, busy: true, lost: lost[0] + lost[1] });
    this.history.push([now, stats.a_to_b.bits_per_second, stats.b_to_a.bits_per_second, ...lost]);
    const most = Math.max(Math.floor(MOST_POINTS / links), FEWEST_POINTS);
    while (this.history[0][0] < now - HISTORY_MS || this.history.length > most) this.history.shift();
  }

  // Whether the link is idle from now on.
  expire(now) {
    if (!this.busy || now - this.time <= STALE_AFTER_MS) return false;
    this.busy = false;
    this.lost = 0;
    this.history.push([this.time + 1, ...NOTHING]);
    return true;
  }

  rate() {
    const [there, back] = this.rates();
    return { bits: there + back, lost: this.busy ? this.lost : 0 };
  }

  // The bits per second there, and back.
  rates() {
    return this.busy ? [this.stats.a_to_b.bits_per_second, this.stats.b_to_a.bits_per_second] : [0, 0];
  }

  // The history up to now, continued with the current rates.
  historyUntil(now) {
    if (!this.history.length) return [];
    return [...this.history, [now, ...(this.busy ? this.history.at(-1).slice(1) : NOTHING)]];
  }
}

const dropsOf = ({ drops }) => Object.values(drops).reduce((sum, count) => sum + count, 0);

// What each direction has carried and dropped, with the reasons; `names` are the names of the nodes at the ends.
export function describeTotals({ a_to_b, b_to_a }, names) {
  return [["a_to_b", a_to_b], ["b_to_a", b_to_a]].map(([direction, { frames, bytes, drops }]) => {
    const reasons = Object.entries(drops).filter(([, count]) => count).map(([reason, count]) => `${formatCount(count)} (${reason})`).join(", ");
    return `${directionText(direction, names)}: ${counted(frames, "frame")}, ${counted(bytes, "byte")}; dropped: ${reasons || "none"}`;
  });
}

// The traffic of a link, from its statistics: current rates, the last minutes, and totals as text.

import { counted, formatCount } from "./format.js";

const HISTORY_MS = 300000;
// The points of all histories together, about a hundred bytes each; and the fewest that a link keeps.
const [MOST_POINTS, FEWEST_POINTS] = [200000, 20];
// A link without traffic sends no statistics. After this time it counts as idle.
const STALE_AFTER_MS = 2500;

export class LinkTraffic {
  constructor() {
    this.history = []; // [time in ms, bit/s there, bit/s back, drops/s]
    this.stats = null; // the newest
    this.busy = false;
    this.lost = 0; // drops/s
  }

  // `links` is the number of links with a history: of very many, each has a short one.
  count(stats, now, links = 1) {
    const drops = totalDrops(stats);
    const elapsed = this.stats ? Math.max((now - this.time) / 1000, 0.05) : stats.interval;
    const lost = this.stats ? Math.max(drops - this.drops, 0) / elapsed : 0;
    if (!this.busy) this.history.push([now - 1, 0, 0, 0]);
    Object.assign(this, { time: now, drops, stats, busy: true, lost });
    this.history.push([now, stats.a_to_b.bits_per_second, stats.b_to_a.bits_per_second, lost]);
    const most = Math.max(Math.floor(MOST_POINTS / links), FEWEST_POINTS);
    while (this.history[0][0] < now - HISTORY_MS || this.history.length > most) this.history.shift();
  }

  // Whether the link is idle from now on.
  expire(now) {
    if (!this.busy || now - this.time <= STALE_AFTER_MS) return false;
    this.busy = false;
    this.lost = 0;
    this.history.push([this.time + 1, 0, 0, 0]);
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
    return [...this.history, [now, ...(this.busy ? this.history.at(-1).slice(1) : [0, 0, 0])]];
  }
}

// Dropped frames of both directions, by reason, without reasons that are zero.
function dropsByReason({ a_to_b, b_to_a }) {
  const reasons = new Map();
  for (const way of [a_to_b, b_to_a]) {
    for (const [reason, count] of Object.entries(way.drops)) if (count) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }
  return reasons;
}

const totalDrops = (stats) => [...dropsByReason(stats).values()].reduce((sum, count) => sum + count, 0);

export function describeTotals(stats) {
  const { a_to_b, b_to_a } = stats;
  const drops = [...dropsByReason(stats)].map(([reason, count]) => `${formatCount(count)} (${reason})`).join(", ");
  const carried = `${counted(a_to_b.frames + b_to_a.frames, "frame")}, ${counted(a_to_b.bytes + b_to_a.bytes, "byte")}`;
  return drops ? `${carried}; dropped: ${drops}` : carried;
}

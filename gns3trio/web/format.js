// Formats numbers for people.

const RATE_UNITS = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"];

export function formatRate(bits) {
  let [rate, unit] = [bits, 0];
  while (rate >= 1000 && unit < RATE_UNITS.length - 1) {
    rate /= 1000;
    unit += 1;
  }
  return `${rate >= 100 || unit === 0 ? Math.round(rate) : rate.toFixed(1)} ${RATE_UNITS[unit]}`;
}

export const formatMicroseconds = (us) => (us >= 1000 ? `${formatCount(us / 1000)} ms` : `${formatCount(us)} µs`);

export const formatCount = (count) => (count ?? 0).toLocaleString("en");

export const counted = (count, what) => `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;

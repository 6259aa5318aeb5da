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

// A time in microseconds with three digits: "0.25 µs", "12.3 µs", "1.05 ms", "2.5 s".
export function formatTime(us) {
  const [value, unit] = us >= 1e6 ? [us / 1e6, "s"] : us >= 1000 ? [us / 1000, "ms"] : [us, "µs"];
  return `${threeDigits(value)} ${unit}`;
}

export const threeDigits = (value) => (value === 0 ? "0" : value >= 99.95 ? formatCount(Math.round(value)) : value.toPrecision(value < 1 ? 2 : 3));

// The numbers of plots: where their axes have marks, and which value is at a place.

const STEPS = [1, 2, 5, 10];

// The end of an axis for these values: rounded up to 1, 2, 5 or 10 times a power of ten.
export function scaleOf(values) {
  const highest = values.reduce((most, value) => Math.max(most, value), 0);
  if (highest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  return STEPS.map((step) => step * power).find((step) => step >= highest);
}

// Round numbers from `first` to `last`, at most `most` of them: the marks of an axis.
export function ticks(first, last, most = 5) {
  const range = last - first;
  if (!(range > 0)) return [first];
  const step = scaleOf([range / most]);
  const begin = Math.ceil(first / step - 1e-9);
  const end = Math.floor(last / step + 1e-9);
  return Array.from({ length: end - begin + 1 }, (_, place) => Number(((begin + place) * step).toPrecision(12)));
}

// The marks of an axis of values: from zero to the first mark that no value exceeds. Nothing but zeros has a mark at zero only.
export function valueTicks(values, top = null) {
  const highest = top ?? values.reduce((most, value) => Math.max(most, value), 0);
  if (highest <= 0) return [0];
  const marks = ticks(0, highest, 4);
  if (marks.at(-1) < highest * (1 - 1e-9)) marks.push(Number((marks.at(-1) + scaleOf([highest / 4])).toPrecision(12)));
  return marks;
}

const MINUTE = 60_000; // milliseconds

// The marks of an axis of time that ends now: every minute, or more.
export function timeTicks(from, to) {
  const minutes = Math.floor((to - from) / MINUTE + 1e-9);
  const step = Math.max(Math.ceil(minutes / 4), 1);
  const marks = [to];
  for (let minute = step; minute <= minutes; minute += step) marks.unshift(to - minute * MINUTE);
  return marks;
}

// How long before `now` something was.
export function ago(time, now) {
  const seconds = Math.round((now - time) / 1000);
  if (seconds <= 0) return "now";
  return seconds % 60 === 0 ? `−${seconds / 60} min` : seconds < 60 ? `−${seconds} s` : `−${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

// All places at which one of the series has a value, in order.
export const placesOf = (series) => [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].toSorted((a, b) => a - b);

// The place in a sorted list that is nearest to `x`; -1 if the list is empty.
export function nearest(sorted, x) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < x) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return sorted.length ? 0 : -1;
  if (low === sorted.length) return low - 1;
  return sorted[low] - x < x - sorted[low - 1] ? low : low - 1;
}

// The value of points that are sorted by x: that at `x`, or else the last one before; null if there is none.
export function valueAt(points, x) {
  const at = points.findLastIndex((point) => point[0] <= x);
  return at < 0 ? null : points[at][1];
}

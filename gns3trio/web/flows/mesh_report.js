// The report of a mesh as values: what its cells can show, its pairs in an order, and its files.

import { counted, formatCount, formatRate, formatTime, threeDigits } from "../format.js";
import { sortKey } from "../panels/lab_index.js";
import { scaleOf } from "../plot_scale.js";
import { formatPercent } from "./flow_report.js";

const MILLISECOND = 1000; // microseconds

// What can be shown of a pair: `value` is null if nothing is known, `format` makes a text of it, `short` one for a cell, in `unit`.
export const MEASURES = {
  loss: { title: "Loss", unit: "%", value: (pair) => pair.loss_percent, format: formatPercent, short: (percent) => (percent >= 0.95 || percent === 0 ? percent.toFixed(0) : percent.toFixed(1)) },
  p50: { title: "Median latency", unit: "ms", value: (pair) => pair.latency?.p50_us ?? null, format: formatTime, short: (us) => threeDigits(us / MILLISECOND) },
  p99: { title: "99th percentile of latency", unit: "ms", value: (pair) => pair.latency?.p99_us ?? null, format: formatTime, short: (us) => threeDigits(us / MILLISECOND) },
  roundTrip: { title: "Median round trip", unit: "ms", value: (pair) => pair.round_trip?.p50_us ?? null, format: formatTime, short: (us) => threeDigits(us / MILLISECOND) },
  rate: { title: "Rate", unit: "kbit/s", value: (pair) => pair.bits_per_second, format: formatRate, short: (bits) => threeDigits(bits / 1000) },
};

// The end of the scale of colours. A loss of less than 1 % does not get the strongest colour.
export function topOf(name, pairs) {
  const highest = pairs.reduce((most, pair) => Math.max(most, MEASURES[name].value(pair) ?? 0), 0);
  return name === "loss" ? Math.min(Math.max(scaleOf([highest]), 1), 100) : scaleOf([highest]);
}

const compare = (a, b) => (a < b ? -1 : Number(a > b));

// The report as a square, whose rows (senders) and columns (receivers) are in the order of names: `nodes` in that order, and for
// each cell, row by row, the place of its pair in `pairs`, or -1.
export function squareOf({ nodes, pairs }) {
  const count = nodes.length;
  const keys = nodes.map(({ name }) => sortKey(name));
  const order = [...nodes.keys()].toSorted((a, b) => compare(keys[a], keys[b]) || a - b);
  const rank = new Int32Array(count);
  for (const [row, node] of order.entries()) rank[node] = row;
  const cells = new Int32Array(count * count).fill(-1);
  for (const [place, { sender, receiver }] of pairs.entries()) cells[rank[sender] * count + rank[receiver]] = place;
  return { nodes: order.map((node) => nodes[node]), cells };
}

// The places of the pairs with the worst first: `by` is a measure, "sender" or "receiver". With `turned`, the other way round.
// Of pairs that are equal, those come first that lost more.
export function sortedPairs({ nodes, pairs }, by, turned = false) {
  const named = by === "sender" || by === "receiver";
  const names = named ? nodes.map(({ name }) => sortKey(name)) : [];
  // Nothing arrived, or nothing was sent: that is worse than any value. Of rates, the lowest is the worst.
  const worth = (pair) => {
    const value = MEASURES[by].value(pair) ?? (by === "rate" ? -1 : Infinity);
    return by === "rate" ? value : -value;
  };
  const keys = pairs.map((pair) => (named ? names[pair[by]] : worth(pair)));
  const losses = pairs.map((pair) => pair.loss_percent ?? Infinity);
  const sign = turned ? -1 : 1;
  return [...pairs.keys()].toSorted((a, b) => sign * compare(keys[a], keys[b]) || compare(losses[b], losses[a]) || a - b);
}

export const endsOf = ({ nodes }, pair) => `${nodes[pair.sender].name} → ${nodes[pair.receiver].name}`;

// A pair and all its values in words.
export function describePair(report, pair) {
  const { sent, lost, loss_percent, latency, round_trip, bits_per_second, duplicated, reordered, ended } = pair;
  const texts = [sent ? `${formatCount(lost)} of ${formatCount(sent)} lost${loss_percent ? ` (${formatPercent(loss_percent)})` : ""}` : "nothing was sent"];
  if (latency) texts.push(`latency: median ${formatTime(latency.p50_us)}, 99th percentile ${formatTime(latency.p99_us)}`);
  if (round_trip) texts.push(`round trip ${formatTime(round_trip.p50_us)}`);
  if (bits_per_second !== null) texts.push(formatRate(bits_per_second));
  if (duplicated) texts.push(`${formatCount(duplicated)} duplicated`);
  if (reordered) texts.push(`${formatCount(reordered)} reordered`);
  if (ended !== "done") texts.push(ended.replaceAll("_", " "));
  return `${endsOf(report, pair)}: ${texts.join("; ")}`;
}

// The whole in one sentence.
export function describeMesh({ nodes, pairs, possible_pairs, sent, lost, data_bytes }) {
  const of = possible_pairs > pairs.length ? ` of ${formatCount(possible_pairs)}` : "";
  const part = sent ? ` (${formatPercent((100 * lost) / sent)})` : "";
  return `${of ? `${formatCount(pairs.length)}${of} pairs` : counted(pairs.length, "pair")} between ${counted(nodes.length, "PC")}; ${counted(sent, "packet")} of ${counted(data_bytes, "byte")}, ${formatCount(lost)} lost${part}.`;
}

// --- files ---

const COLUMNS = ["sent", "arrived", "lost", "loss_percent", "duplicated", "reordered", "bits_per_second"];
const LATENCIES = ["p50_us", "p99_us", "max_us"];

// A cell as RFC 4180 says. A name that begins like a formula gets a ' in front, or a spreadsheet would run it.
function csvName(name) {
  const safe = /^[=+\-@\t\r\n]/.test(name) ? `'${name}` : name;
  return `"${safe.replaceAll('"', '""')}"`;
}

export function csvOf({ nodes, pairs }) {
  const head = ["sender", "receiver", ...COLUMNS, ...["latency", "round_trip"].flatMap((kind) => LATENCIES.map((each) => `${kind}_${each}`)), "ended"];
  const rows = pairs.map((pair) => [csvName(nodes[pair.sender].name), csvName(nodes[pair.receiver].name), ...COLUMNS.map((name) => pair[name] ?? ""),
    ...[pair.latency, pair.round_trip].flatMap((latency) => LATENCIES.map((name) => latency?.[name] ?? "")), pair.ended]);
  return [head, ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

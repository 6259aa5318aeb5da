// The contents of a report of traffic, as values.

import { counted, formatCount, formatRate, formatTime } from "../format.js";

export const LATENCY_HEAD = ["", "min", "p50", "p90", "p99", "max"];
const LATENCIES = ["min_us", "p50_us", "p90_us", "p99_us", "max_us"];

export const formatPercent = (percent) => `${percent === 0 ? 0 : percent.toFixed(percent < 9.95 ? 2 : 1)} %`;

const withRate = (bits) => (bits === null ? "" : `: ${formatRate(bits)}`);

const arrivals = ({ packets, duplicated, reordered, bits_per_second }) =>
  `${formatCount(packets)}, ${formatCount(duplicated)} duplicated, ${formatCount(reordered)} reordered${withRate(bits_per_second)}`;

// [name, text] of what was sent and what became of it.
export function factsOf(report, roundTrip) {
  const { sent, data_bytes, sent_bits_per_second, lost, loss_percent, unsent, unreachable, ended, arrived, returned } = report;
  const facts = [["Sent", `${counted(sent, "packet")} of ${counted(data_bytes, "byte")}${withRate(sent_bits_per_second)}`]];
  facts.push(["Arrived", arrived ? arrivals(arrived) : "not known: nobody counts there"]);
  if (arrived) facts.push(["Lost", `${formatCount(lost)}${loss_percent === null ? "" : ` (${formatPercent(loss_percent)})`}`]);
  if (roundTrip || !arrived) facts.push(["Returned", arrivals(returned)]);
  if (unsent) facts.push(["Not sent", `${formatCount(unsent)}, for want of memory`]);
  if (unreachable) facts.push(["Unreachable", `told ${formatCount(unreachable)} times`]);
  if (ended !== "done") facts.push(["Ended", ended.replaceAll("_", " ")]);
  return facts;
}

// The cells below LATENCY_HEAD.
export function latenciesOf({ arrived, returned }) {
  return [["One way", arrived?.latency], ["Round trip", returned.latency]].filter(([, latency]) => latency)
    .map(([name, latency]) => [name].concat(LATENCIES.map((key) => formatTime(latency[key]))));
}

// What is set on a link, as values with a text and a direction: GNS3's filters, and our impairments.

import { formatCount } from "./format.js";

const LONGEST_EXPRESSION = 30;

// GNS3's filters as the impairments with the same effect. Their names and values may come from other people's files.
const OF_GNS3 = {
  __proto__: null,
  delay: ([milliseconds, jitter_milliseconds = 0]) => [{ type: "delay", milliseconds, jitter_milliseconds }],
  packet_loss: ([percent]) => [{ type: "loss", percent }],
  corrupt: ([percent]) => [{ type: "corrupt", percent }],
  frequency_drop: ([every]) => [{ type: "frequency", every }],
  bpf: ([lines]) => String(lines).split("\n").filter((line) => line.trim()).map((expression) => ({ type: "bpf", expression: expression.trim() })),
};

// Types whose values alone do not say enough.
const TEXTS = {
  __proto__: null,
  delay: ({ milliseconds, jitter_milliseconds: jitter }) => `delay ${formatCount(milliseconds)}${jitter ? ` ± ${formatCount(jitter)}` : ""} ms`,
  frequency: ({ every }) => (every === -1 ? "drops all frames" : `drops every ${ordinal(every)} frame`),
  bpf: ({ expression }) => `drops ${expression.length > LONGEST_EXPRESSION ? `${expression.slice(0, LONGEST_EXPRESSION - 1)}…` : expression}`,
};

// Those that let no frame pass in their direction, whatever it is.
const BLOCKING = {
  __proto__: null,
  loss: ({ percent }) => percent >= 100,
  frequency: ({ every }) => every === -1 || every === 1,
};

// The conditions of a link, in the order in which they act. `own` are its impairments, `types` the types of these as the server
// describes them. Each has its `text`, its `direction`, and whether it `blocks` or `narrows` the link in that direction.
export function conditionsOf(link, own, types) {
  const given = Object.entries(link.filters ?? {}).flatMap(([name, values]) => OF_GNS3[name]?.(values) ?? [{ type: name }]);
  return [...given, ...own].map((each) => ({
    text: textOf(each, types),
    direction: each.direction ?? "both",
    blocks: BLOCKING[each.type]?.(each) ?? false,
    narrows: each.type === "rate",
  }));
}

// The direction in words: `names` are the names of the nodes at the ends of the link.
export function directionText(direction, [a, b]) {
  if (direction === "both") return "both directions";
  return direction === "a_to_b" ? `${a} → ${b}` : `${b} → ${a}`;
}

// A condition in a list of several; a direction is told only where there is one.
export const toldText = ({ text, direction }, names) => (direction === "both" ? text : `${text} ${directionText(direction, names)}`);

// The text beside the wire, which has little room: `arrows` are those of the directions there and back, as the wire is drawn.
export const wireText = ({ text, direction }, [there, back]) => (direction === "both" ? text : `${text} ${direction === "a_to_b" ? there : back}`);

const TURNS = ["→", "↘", "↓", "↙", "←", "↖", "↑", "↗"];

// The arrows along a line from one point to another, and back.
export function arrowsAlong([x1, y1], [x2, y2]) {
  const turn = Math.round((Math.atan2(y2 - y1, x2 - x1) / Math.PI) * 4) + 8;
  return [TURNS[turn % 8], TURNS[(turn + 4) % 8]];
}

function textOf(impairment, types) {
  if (TEXTS[impairment.type]) return TEXTS[impairment.type](impairment);
  const told = types.find(({ type }) => type === impairment.type)?.parameters.filter(({ name, required, is_told, default: usual }) =>
    name in impairment && (required || (is_told && impairment[name] !== usual))) ?? [];
  return [impairment.type, told.map(({ name, unit }) => valueText(impairment[name], unit)).join(", ")].join(" ").trim();
}

const RATES = [[1e9, "Gbit/s"], [1e6, "Mbit/s"], [1e3, "kbit/s"]];

function valueText(value, unit) {
  if (unit !== "bit/s") return `${typeof value === "number" ? formatCount(value) : value}${unit ? ` ${unit}` : ""}`;
  const [size, name] = RATES.find(([least]) => value >= least) ?? [1, "bit/s"];
  return `${Number((value / size).toPrecision(10))} ${name}`;
}

function ordinal(number) {
  const tens = number % 100;
  const ending = tens > 10 && tens < 14 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${formatCount(number)}${ending}`;
}

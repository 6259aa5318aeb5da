// The fields that say how traffic is sent: its rate, size and length.

import { h } from "../dom.js";

const UNITS = { "": 1, k: 1e3, m: 1e6, g: 1e9 };

// A rate as the command line takes it: "1000" packets per second, or "10M" bits per second. Throws if it is none.
export function rateOf(text) {
  const [, digits, unit] = text.trim().match(/^(\d+(?:\.\d+)?)\s?([kmg]?)$/i) ?? [];
  if (digits === undefined) throw new Error("The rate is not one: write 1000 for packets per second, or 10M for bits per second.");
  const rate = Number(digits) * UNITS[unit.toLowerCase()];
  return unit ? { bits_per_second: rate } : { packets_per_second: rate };
}

export const labelled = (text, input) => h("label", { className: "field" }, h("span", {}, text), input);

// Returns the fields as elements, and `read()`, which returns them as a part of a request.
export function makeFlowFields({ rate, bytes, seconds }) {
  const inputs = {
    rate: h("input", { name: "rate", value: rate, size: 7, required: true, title: "1000: packets per second; 10M: bits per second of UDP data" }),
    bytes: h("input", { type: "number", name: "bytes", min: 48, max: 65507, value: bytes, required: true }),
    seconds: h("input", { type: "number", name: "seconds", min: 0.001, max: 86400, step: "any", value: seconds, required: true }),
    roundTrip: h("input", { type: "checkbox", name: "round-trip" }),
  };
  return {
    fields: [labelled("Rate (packets/s, or 10M)", inputs.rate), labelled("Size (bytes)", inputs.bytes), labelled("Time (s)", inputs.seconds),
      h("label", { className: "check" }, inputs.roundTrip, " Round trip")],
    read: () => ({
      ...rateOf(inputs.rate.value),
      data_bytes: Number(inputs.bytes.value),
      seconds: Number(inputs.seconds.value),
      round_trip: inputs.roundTrip.checked,
    }),
  };
}

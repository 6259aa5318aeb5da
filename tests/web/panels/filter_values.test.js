import assert from "node:assert/strict";
import test from "node:test";

import {
  LABELS, changeFilters, changeImpairments, filterValue, isAddedToNothing, ownFields, ownValue,
} from "../../../gns3trio/web/panels/filter_values.js";

const after = (filters, changes) => changeFilters(filters, Object.entries(changes)).filters;
const moved = (impairments, changes, direction = "both") =>
  changeImpairments(impairments, Object.entries(changes).map(([type, value]) => [`${direction} ${type}`, value]), ownFields(TYPES, direction));
const parameter = (name, slider, suggested = null) => ({ name, required: true, slider, suggested });
const PERCENT = parameter("percent", { maximum: 100, unit: "%", factor: 1 });
const TYPES = [ // as the server describes them, in part
  { type: "rate", title: "Rate limit", gns3_filter: null, parameters: [
    parameter("bits_per_second", { maximum: 10000, unit: "kbit/s", factor: 1000 }), { ...parameter("queue_bytes", null), required: false }] },
  { type: "loss", title: "Loss", gns3_filter: "packet_loss", parameters: [PERCENT] },
  { type: "duplicate", title: "Duplicate", gns3_filter: null, parameters: [PERCENT] },
  { type: "reorder", title: "Reorder", gns3_filter: null, parameters: [PERCENT, parameter("milliseconds", { maximum: 300, unit: "ms", factor: 1 }, 10)] },
  { type: "match", title: "Match", gns3_filter: "bpf", parameters: [{ ...parameter("expression", null), kind: "text" }] },
  { type: "pair", title: "Pair", gns3_filter: null, parameters: [PERCENT, parameter("other", null)] },
];
const fieldOf = (type, direction = "both") => ownFields(TYPES, direction).find((each) => each.type === type);
const both = (type, fields) => ({ type, ...fields, direction: "both" });

test("fields show the values of filters, or nothing", () => {
  const filters = { delay: [20, 5], bpf: ["icmp"] };
  assert.equal(filterValue(filters, "delay 0"), 20);
  assert.equal(filterValue(filters, "delay 1"), 5);
  assert.equal(filterValue(filters, "packet_loss 0"), 0);
  assert.equal(filterValue(filters, "bpf 0"), "icmp");
  assert.equal(filterValue({}, "bpf 0"), "");
  assert.equal(filterValue(undefined, "delay 0"), 0); // the link is gone
});

test("a changed value leaves the others as they are", () => {
  const before = { delay: [20, 5], packet_loss: [3] };
  assert.deepEqual(after(before, { "delay 0": "30" }), { delay: [30, 5], packet_loss: [3] });
  assert.deepEqual(after(before, { "packet_loss 0": "7", "corrupt 0": "1" }), { delay: [20, 5], packet_loss: [7], corrupt: [1] });
  assert.deepEqual(before, { delay: [20, 5], packet_loss: [3] }); // views still show it
});

test("a new delay has no jitter", () => assert.deepEqual(after({}, { "delay 0": "10" }), { delay: [10, 0] }));

test("a filter whose first value is nothing is none", () => {
  assert.deepEqual(after({ delay: [20, 5], packet_loss: [3] }, { "packet_loss 0": "0" }), { delay: [20, 5] });
  assert.deepEqual(after({ bpf: ["icmp"] }, { "bpf 0": "  " }), {});
  assert.deepEqual(after({ packet_loss: [3] }, { "packet_loss 0": "" }), {});
  assert.deepEqual(after({}, { "frequency_drop 0": "-1" }), { frequency_drop: [-1] });
});

test("an expression is taken without the blanks around it", () => assert.deepEqual(after({}, { "bpf 0": " icmp " }), { bpf: ["icmp"] }));

test("jitter without a delay is told", () => {
  assert.deepEqual(changeFilters({}, [["delay 1", "5"]]), { filters: {}, jitterAlone: true });
  assert.equal(changeFilters({ delay: [20, 5] }, [["delay 0", "0"]]).jitterAlone, true);
  assert.equal(changeFilters({ delay: [20, 0] }, [["delay 1", "5"]]).jitterAlone, false);
  assert.equal(changeFilters({ delay: [20, 5] }, [["delay 0", "0"], ["delay 1", "0"]]).jitterAlone, false);
});

test("what GNS3's filters lack has a field, where one value says enough", () => {
  const usual = { direction: "both", least: 0, isText: false, isPlain: false, isAddition: false };
  assert.deepEqual(ownFields(TYPES, "both"), [
    { ...usual, key: "both rate", type: "rate", field: "bits_per_second", label: "Rate limit", unit: "kbit/s", maximum: 10000, factor: 1000, rest: {} },
    { ...usual, key: "both duplicate", type: "duplicate", field: "percent", label: "Duplicate", unit: "%", maximum: 100, factor: 1, rest: {} },
    { ...usual, key: "both reorder", type: "reorder", field: "percent", label: "Reorder", unit: "%", maximum: 100, factor: 1, rest: { milliseconds: 10 } },
  ]);
});

test("in one direction there is a field for each type, because GNS3's filters act in both", () => {
  assert.deepEqual(ownFields(TYPES, "a_to_b").map(({ key, isText }) => [key, isText]),
    [["a_to_b loss", false], ["a_to_b rate", false], ["a_to_b duplicate", false], ["a_to_b reorder", false], ["a_to_b match", true]]);
});

// What one direction has and GNS3's filters have too.
const WITH_DELAY = [...TYPES.slice(0, 1),
  { type: "frequency", title: "Drop each", gns3_filter: "frequency_drop", parameters: [{ ...parameter("every", { maximum: 100, unit: "", factor: 1 }), minimum: -1 }] },
  { type: "delay", title: "Delay", gns3_filter: "delay", parameters: [parameter("milliseconds", { maximum: 300, unit: "ms", factor: 1 }), { ...parameter("jitter_milliseconds", { maximum: 100, unit: "ms", factor: 1 }), required: false }] }];

test("one direction has the same fields in the same order as both", () => {
  assert.deepEqual(ownFields(WITH_DELAY, "b_to_a").map(({ key, label, isPlain }) => [key, label, isPlain]), [
    ["b_to_a delay", "Delay", false], ["b_to_a delay jitter_milliseconds", "Jitter ±", false],
    ["b_to_a rate", "Rate limit", false], ["b_to_a frequency", LABELS.frequency, true]]);
});

test("jitter adds to a delay of its direction, and to nothing else", () => {
  const fields = ownFields(WITH_DELAY, "b_to_a");
  const change = (before, ...changes) => changeImpairments(before, changes, fields);
  const delay = { type: "delay", milliseconds: 20, direction: "b_to_a" };
  const jitter = ["b_to_a delay jitter_milliseconds", "5"];
  assert.deepEqual(change([delay], jitter), [{ ...delay, jitter_milliseconds: 5 }]);
  assert.deepEqual(change([{ ...delay, jitter_milliseconds: 5 }], [jitter[0], "0"]), [{ ...delay, jitter_milliseconds: 0 }]);
  assert.deepEqual(change([], ["b_to_a delay", "20"], jitter), [{ ...delay, jitter_milliseconds: 5 }]);
  assert.deepEqual(change([], jitter), []);
  assert.deepEqual([isAddedToNothing([], [jitter], fields), isAddedToNothing([delay], [jitter], fields), isAddedToNothing([], [[jitter[0], "0"]], fields)], [true, false, false]);
  assert.deepEqual([ownValue([delay], fields[1]), ownValue([{ ...delay, jitter_milliseconds: 5 }], fields[1])], [0, 5]);
});

test("our own filters are shown in the units of their sliders", () => {
  const impairments = [both("rate", { bits_per_second: 512_000 }), { type: "duplicate", percent: 5, direction: "a_to_b" }];
  assert.equal(ownValue(impairments, fieldOf("rate")), 512);
  assert.equal(ownValue(impairments, fieldOf("duplicate")), 0); // that of one direction has a field of its own
  assert.equal(ownValue(impairments, fieldOf("duplicate", "a_to_b")), 5);
  const text = fieldOf("match", "b_to_a");
  assert.deepEqual([ownValue([], text), ownValue([{ type: "match", expression: "icmp", direction: "b_to_a" }], text)], ["", "icmp"]);
});

test("a slider that is moved changes its own filter, in its place", () => {
  const rate = both("rate", { bits_per_second: 1e6, queue_bytes: 8000 });
  const others = [{ type: "rate", bits_per_second: 5, direction: "b_to_a" }, both("gilbert", { p: 1 })];
  assert.deepEqual(moved([others[0], rate, others[1]], { rate: "500" }), [others[0], { ...rate, bits_per_second: 500_000 }, others[1]]);
});

test("a field adds its filter, and takes it away at nothing", () => {
  assert.deepEqual(moved([], { duplicate: "2" }), [both("duplicate", { percent: 2 })]);
  assert.deepEqual(moved([], { reorder: "2" }), [both("reorder", { percent: 2, milliseconds: 10 })]);
  assert.deepEqual(moved([], { rate: "0" }), []);
  assert.deepEqual(moved([both("duplicate", { percent: 2 }), both("reorder", { percent: 1 })], { duplicate: "0" }), [both("reorder", { percent: 1 })]);
});

test("a field of one direction leaves the other alone", () => {
  const others = [both("duplicate", { percent: 2 }), { type: "loss", percent: 9, direction: "b_to_a" }];
  assert.deepEqual(moved(others, { loss: "5" }, "a_to_b"), [...others, { type: "loss", percent: 5, direction: "a_to_b" }]);
  assert.deepEqual(moved(others, { loss: "" }, "b_to_a"), [others[0]]);
  assert.deepEqual(moved([], { match: " icmp " }, "b_to_a"), [{ type: "match", expression: "icmp", direction: "b_to_a" }]);
});

test("a reorder that is moved keeps its time", () => {
  const reorder = both("reorder", { percent: 5, milliseconds: 77 });
  assert.deepEqual(moved([reorder], { reorder: "6" }), [{ ...reorder, percent: 6 }]);
});

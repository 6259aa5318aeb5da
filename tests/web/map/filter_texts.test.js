import assert from "node:assert/strict";
import test from "node:test";

import { describeFilters } from "../../../gns3trio/web/map/filter_texts.js";

const textsOf = (filters) => describeFilters({ filters });

test("a link without filters has no texts", () => {
  assert.deepEqual(describeFilters({}), []);
  assert.deepEqual(textsOf({}), []);
});

test("each filter has a text", () => {
  assert.deepEqual(textsOf({ delay: [20, 5], packet_loss: [3], corrupt: [1], frequency_drop: [4], bpf: ["icmp"] }),
    ["20 ± 5 ms", "3 % loss", "1 % corrupt", "drops each 4th", "BPF"]);
  assert.deepEqual(textsOf({ delay: [20, 0] }), ["20 ms"]);
  assert.deepEqual(textsOf({ delay: [20] }), ["20 ms"]);
  assert.deepEqual(textsOf({ frequency_drop: [-1] }), ["drops all"]);
});

test("a filter that is not known has its name, whatever that is", () => {
  assert.deepEqual(textsOf({ shaper: [1], constructor: [1], toString: [2] }), ["shaper", "constructor", "toString"]);
});

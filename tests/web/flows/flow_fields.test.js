import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { makeFlowFields, rateOf } from "../../../gns3trio/web/flows/flow_fields.js";
import { openDocument } from "../small_dom.js";

beforeEach(openDocument);

test("a rate is of packets, or with a unit of bits", () => {
  assert.deepEqual(rateOf("1000"), { packets_per_second: 1000 });
  assert.deepEqual(rateOf(" 0.5 "), { packets_per_second: 0.5 });
  assert.deepEqual(rateOf("10M"), { bits_per_second: 10e6 });
  assert.deepEqual(rateOf("2.5 k"), { bits_per_second: 2500 });
  assert.deepEqual(rateOf("1g"), { bits_per_second: 1e9 });
});

test("what is no rate is told", () => {
  for (const text of ["", "fast", "-1", "1e9", "10 Mbit", "1,000", "0x10", "1..2"]) assert.throws(() => rateOf(text), /The rate is not one/, text);
});

test("the fields are read as a part of a request", () => {
  const { read } = makeFlowFields({ rate: "2M", bytes: 100, seconds: 1.5 });
  assert.deepEqual(read(), { bits_per_second: 2e6, data_bytes: 100, seconds: 1.5, round_trip: false });
});

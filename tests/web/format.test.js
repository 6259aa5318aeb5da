import assert from "node:assert/strict";
import test from "node:test";

import { counted, formatCount, formatMicroseconds, formatRate, formatTime } from "../../gns3trio/web/format.js";

test("a rate has the unit in which it is below a thousand", () => {
  assert.equal(formatRate(0), "0 bit/s");
  assert.equal(formatRate(999.4), "999 bit/s");
  assert.equal(formatRate(1000), "1.0 kbit/s");
  assert.equal(formatRate(99_940), "99.9 kbit/s");
  assert.equal(formatRate(100_000), "100 kbit/s");
  assert.equal(formatRate(512_400), "512 kbit/s");
  assert.equal(formatRate(2_500_000), "2.5 Mbit/s");
});

test("there is no unit beyond Gbit/s", () => assert.equal(formatRate(4e12), "4000 Gbit/s"));

test("times are milliseconds from a thousand microseconds on", () => {
  assert.equal(formatMicroseconds(999), "999 µs");
  assert.equal(formatMicroseconds(1000), "1 ms");
  assert.equal(formatMicroseconds(1500), "1.5 ms");
});

test("large numbers are written in groups, and what is missing is 0", () => {
  assert.equal(formatCount(1234567), "1,234,567");
  assert.equal(formatCount(undefined), "0");
});

test("one thing has no s", () => {
  assert.equal(counted(1, "link"), "1 link");
  assert.equal(counted(0, "link"), "0 links");
  assert.equal(counted(2000, "node"), "2,000 nodes");
});

test("times have three digits and the unit that fits", () => {
  assert.deepEqual([0, 0.25, 12.34, 999.99, 1053, 250_000, 2.5e6].map(formatTime), ["0 µs", "0.25 µs", "12.3 µs", "1,000 µs", "1.05 ms", "250 ms", "2.50 s"]);
});

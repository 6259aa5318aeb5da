import assert from "node:assert/strict";
import test from "node:test";

import { formatBytes, usageFacts } from "../../../gns3trio/web/panels/usage_facts.js";

const NOTHING = { processes: 0, cpu_percent: null, cpu_seconds: null, memory_bytes: null, configured_memory_bytes: null };

test("bytes have the unit in which there are less than a thousand", () => {
  assert.equal(formatBytes(0), "0 B");
  assert.equal(formatBytes(999), "999 B");
  assert.equal(formatBytes(1000), "1 kB");
  assert.equal(formatBytes(31_460_000), "31.5 MB");
  assert.equal(formatBytes(999_600), "1 MB");
  assert.equal(formatBytes(7e15), "7000 TB");
});

test("a machine has all of it", () => {
  const usage = { processes: 1, cpu_percent: 12.34, cpu_seconds: 5, memory_bytes: 2e8, configured_memory_bytes: 268435456, disk_bytes: 4096, disk_is_whole: true };
  assert.deepEqual(usageFacts(usage), [["CPU", "12 % of a processor, 5.0 s since the start"], ["Memory", "200 MB of 268 MB"], ["Disk", "4.1 kB"]]);
});

test("what is not known is left out", () => {
  assert.deepEqual(usageFacts(null), []);
  assert.deepEqual(usageFacts(NOTHING), []);
  assert.deepEqual(usageFacts({ ...NOTHING, disk_bytes: 0, disk_is_whole: false }), [["Disk", "more than 0 B"]]);
  assert.deepEqual(usageFacts({ ...NOTHING, cpu_seconds: 1, memory_bytes: 1000 }), [["CPU", "1.0 s since the start"], ["Memory", "1 kB"]]);
});

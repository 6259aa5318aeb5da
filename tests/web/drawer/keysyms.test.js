import assert from "node:assert/strict";
import { test } from "node:test";

import { keysOf } from "../../../gns3trio/web/drawer/keysyms.js";

test("a text becomes keys", () => {
  assert.deepEqual(keysOf("aÄ€\t"), [0x61, 0xc4, 0x010020ac, 0xff09]);
  assert.deepEqual(keysOf("1\r\n2\n3\r"), [0x31, 0xff0d, 0x32, 0xff0d, 0x33, 0xff0d]);
  assert.deepEqual(keysOf("\u{1f600}\x07"), [0x0101f600]);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { ip4, ip6, mac } from "../../../gns3trio/web/drawer/addresses.js";

test("addresses are written as people know them", () => {
  assert.equal(mac(Uint8Array.of(0, 0x50, 0x79, 0x66, 0x68, 1)), "00:50:79:66:68:01");
  assert.equal(ip4(Uint8Array.of(10, 0, 0, 254)), "10.0.0.254");
  assert.equal(ip6(Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)), "2001:db8::1");
});

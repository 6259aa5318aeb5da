import assert from "node:assert/strict";
import test from "node:test";

import { randomId } from "../../gns3trio/web/random_id.js";

test("an id is a UUID of version 4", () => {
  for (let times = 0; times < 100; times += 1) {
    assert.match(randomId(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test("the variant is right whatever the random bytes are", (t) => {
  for (const [byte, variant] of [[0x00, "8"], [0x1f, "9"], [0xaf, "a"], [0xff, "b"]]) {
    const random = t.mock.method(crypto, "getRandomValues", (bytes) => bytes.fill(byte));
    assert.equal(randomId()[19], "89ab"[(byte >> 4) & 3]);
    assert.equal(randomId()[19], variant);
    random.mock.restore();
  }
});

test("no two are the same", () => assert.equal(new Set(Array.from({ length: 1000 }, randomId)).size, 1000));

import assert from "node:assert/strict";
import test from "node:test";

import { difference } from "../../../gns3trio/web/people/members.js";

test("what is added and removed", () => {
  assert.deepEqual(difference(new Set(["a", "b"]), new Set(["b", "c"])), { added: ["c"], removed: ["a"] });
  assert.deepEqual(difference(new Set(), new Set()), { added: [], removed: [] });
});

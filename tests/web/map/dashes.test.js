import assert from "node:assert/strict";
import test from "node:test";

import { DASHES, borderDashes } from "../../../gns3trio/web/map/dashes.js";

test("each of GNS3's borders is known by the numbers that it writes", () => {
  assert.equal(borderDashes("25, 25", 2), "10 2");
  assert.equal(borderDashes("5,25", 2), "4 2");
  assert.equal(borderDashes(" 5 25 25 ", 2), "10 2 4 2");
  assert.equal(borderDashes("25, 25, 5, 25, 5", 3), "15 3 6 3 6 3");
});

test("thin borders have dashes that can be seen", () => assert.equal(borderDashes("25, 25", 0.5), "10 2"));

test("other dashes stay as they are", () => {
  for (const written of ["7, 3", "none", "", "constructor"]) assert.equal(borderDashes(written, 2), written);
});

test("a solid line has none", () => assert.equal(DASHES[1], undefined));

import assert from "node:assert/strict";
import test from "node:test";

import { changedStyle, styleValues } from "../../../gns3trio/web/panels/link_style.js";

test("a link without a style is as GNS3 draws it", () => {
  for (const style of [null, undefined, {}, { type: 99, width: 0 }]) assert.deepEqual(styleValues(style), { color: "#000000", width: 2, type: "solid" });
});

test("lines have the numbers of GNS3", () => {
  assert.deepEqual(changedStyle({ color: "#ff0000" }, "type", "dots"), { color: "#ff0000", type: 3 });
  assert.equal(styleValues({ type: 5 }).type, "dash, dot, dot");
  assert.deepEqual(changedStyle({}, "width", 4), { width: 4 });
});

import assert from "node:assert/strict";
import test from "node:test";

import { readLabelStyle, writeLabelStyle } from "../../../gns3trio/web/map/label_style.js";

const GNS3 = "font-family: TypeWriter;font-size: 10.0;font-weight: bold;fill: #000000;fill-opacity: 1.0;";

test("GNS3's style is read and written as the same", () => {
  assert.deepEqual(readLabelStyle(GNS3), { family: "TypeWriter", size: 10, bold: true, italic: false, underline: false, color: "#000000", opacity: 1 });
  assert.equal(writeLabelStyle(readLabelStyle(GNS3)), GNS3);
  const other = { family: "Arial", size: 12.5, bold: false, italic: true, underline: true, color: "#ff0000", opacity: 0.5 };
  assert.deepEqual(readLabelStyle(writeLabelStyle(other)), other);
});

test("a label without a style has that of GNS3", () => {
  for (const style of [null, undefined, "", ";;"]) assert.equal(writeLabelStyle(readLabelStyle(style)), GNS3);
  assert.deepEqual(readLabelStyle("font-size: 11pt; font-style: Verdana").size, 11);
});

test("a font cannot add declarations", () => assert.ok(!writeLabelStyle({ ...readLabelStyle(GNS3), family: "a;fill: url(x)}" }).includes("a;")));

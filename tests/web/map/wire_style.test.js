import assert from "node:assert/strict";
import test from "node:test";

import { wireStyle } from "../../../gns3trio/web/map/wire_style.js";

const isColor = (color) => color === "red";
const PLAIN = { "--own-color": "", "--own-dashes": "", "--own-width": "", "stroke-width": "" };

test("a link without a style is drawn as the page wants", () => assert.deepEqual(wireStyle({}, 0, isColor), PLAIN));

test("a style has a colour, a width, and a type of line in widths", () => {
  assert.deepEqual(wireStyle({ color: "red", width: 3, type: 2 }, 0, isColor),
    { "--own-color": "red", "--own-dashes": "15 3", "--own-width": "3", "stroke-width": "" });
  const dashes = [2, 3, 4, 5].map((type) => wireStyle({ type }, 0, isColor)["--own-dashes"]);
  assert.deepEqual(dashes, ["10 2", "4 2", "10 2 4 2", "10 2 4 2 4 2"]); // dash, dot, dash dot, dash dot dot
  assert.equal(wireStyle({ type: 1 }, 0, isColor)["--own-dashes"], ""); // Qt's solid line
});

test("load makes a wire thicker, within limits, and never thinner than its own width", () => {
  const thickness = (bits, width) => Number(wireStyle({ width }, bits, isColor)["stroke-width"]);
  assert.ok(2 < thickness(1000) && thickness(1000) < thickness(1e6));
  assert.equal(thickness(1e15), 8);
  assert.equal(thickness(1000, 20), 20);
});

test("what is no style is none", () => {
  for (const wrong of [
    { color: "url(x)" }, { color: {} }, { width: -1 }, { width: "wide" }, { width: {} }, { width: null },
    { type: "constructor" }, { type: "__proto__" }, { type: "toString" }, { type: {} }, { type: null },
  ]) assert.deepEqual(wireStyle(wrong, 0, isColor), PLAIN, JSON.stringify(wrong));
  assert.equal(wireStyle({ width: 1e9 }, 0, isColor)["--own-width"], "40");
});

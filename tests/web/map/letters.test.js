import assert from "node:assert/strict";
import test from "node:test";

import { lettersOf, paint, pixels } from "../../../gns3trio/web/map/letters.js";

const isColor = (color) => /^(#[0-9a-f]{6}|red|black)$/i.test(color);

test("sizes are points if they do not say otherwise", () => {
  assert.equal(pixels("12"), 16);
  assert.equal(pixels("12pt"), 16);
  assert.equal(pixels(" 12 px "), 12);
  assert.equal(pixels("7.5"), 10);
});

test("a size has an end, and what is none is that of GNS3's labels", () => {
  assert.equal(pixels("99999"), 200);
  for (const wrong of ["", "large", "-3", "1e9", "12em", "9".repeat(40), "calc(1px)"]) assert.equal(pixels(wrong), 10 * (4 / 3), wrong);
});

test("a style as GNS3 writes it", () => {
  assert.deepEqual(lettersOf("font-family: TypeWriter;font-size: 10.0;font-weight: bold;fill: #ff0000;fill-opacity: 1.0;", isColor), {
    "font-family": "typewriter, sans-serif", "font-size": "13.333333333333332px", "font-weight": "bold", fill: "#ff0000", "fill-opacity": "1.0",
  });
});

test("only what changes letters is taken", () => {
  assert.deepEqual(lettersOf("position: fixed; background: url(https://x.example/); --text: red; display:none;;;x", isColor), {});
  for (const none of [null, undefined, "", ";"]) assert.deepEqual(lettersOf(none, isColor), {});
});

test("a later value goes before an earlier one", () => {
  assert.deepEqual(lettersOf("fill: red; fill: nonsense", isColor), { fill: "" });
});

test("on a dark page a dark colour is light; one that can be seen there, or that is not written in digits, stays", () => {
  assert.match(paint("#000000", isColor), /^light-dark\(#000000, #[ef][0-9a-f]{5}\)$/);
  assert.match(paint("BLACK", isColor), /^light-dark\(BLACK, #[ef][0-9a-f]{5}\)$/);
  assert.match(paint("#00007f", isColor), /^light-dark\(#00007f, #[0-9a-f]{6}\)$/);
  assert.equal(paint("#00aaff", isColor), "#00aaff");
  assert.equal(paint("red", isColor), "red");
});

test("what is no colour is none", () => {
  for (const wrong of ["url(x)", "", null, undefined, 7, {}, ["red"]]) assert.equal(paint(wrong, isColor), "");
});

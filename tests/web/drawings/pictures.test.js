import assert from "node:assert/strict";
import test from "node:test";

import { MOST_BYTES, pictureDrawing, pictureLink, pictureType, shownSize } from "../../../gns3trio/web/drawings/pictures.js";

const bytes = (...values) => new Uint8Array(values);
const textBytes = (text) => new TextEncoder().encode(text);
const PNG = bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2);

test("pictures are known by what is in them", () => {
  assert.equal(pictureType(PNG), "image/png");
  assert.equal(pictureType(bytes(0xff, 0xd8, 0xff, 0xe0)), "image/jpeg");
  assert.equal(pictureType(textBytes("\ufeff<?xml version='1.0'?>\n<!-- x --><svg width='1'/>")), "image/svg+xml");
  for (const other of ["", "GIF89a", "<html><body>", "hello <svg", "%PDF"]) assert.equal(pictureType(textBytes(other)), null, other);
});

test("others are refused with a reason", () => {
  assert.throws(() => pictureLink("a.gif", textBytes("GIF89a")), /a\.gif is not a picture\. PNG, JPEG and SVG are possible\./);
  assert.throws(() => pictureLink("a.png", new Uint8Array(MOST_BYTES + 1)), /A picture may have 10 MiB/);
  assert.throws(() => pictureLink("a.svg", textBytes(`<svg>${" ".repeat(1 << 20)}</svg>`)), /An SVG may have 1 MiB/);
  assert.throws(() => pictureLink("a.svg", textBytes('<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>')), /too complex/);
});

test("a picture becomes an image inside of a drawing, whatever is in it", async () => {
  const file = { name: "a.svg", arrayBuffer: async () => textBytes("<svg onload='alert(1)'><script>alert(2)</script></svg>").buffer };
  const { svg, width, height } = await pictureDrawing(file, async () => [1200, 300]);
  assert.deepEqual([width, height], [600, 150]);
  assert.match(svg, /^<svg xmlns="[^"]*" xmlns:xlink="[^"]*" height="150" width="600"><image height="150" width="600" xlink:href="data:image\/svg\+xml;base64,[A-Za-z0-9+/=]*"\/><\/svg>$/);
  await assert.rejects(pictureDrawing(file, async () => { throw new Error("no"); }), /a\.svg cannot be shown/);
});

test("large pictures are read in pieces", () => assert.equal(atob(pictureLink("a", new Uint8Array([...PNG, ...new Uint8Array(100_000)])).split(",")[1]).length, 100_010));

test("a huge picture is shown smaller, and one without a size in a usual one", () => {
  assert.deepEqual(shownSize(50, 20), [50, 20]);
  assert.deepEqual(shownSize(10_000, 10), [600, 1]);
  assert.deepEqual(shownSize(0, 0), [300, 300]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { pictureOf, turnedBox } from "../../../gns3trio/web/map/drawing_picture.js";

const near = (actual, wanted) => actual.forEach((value, at) => assert.ok(Math.abs(value - wanted[at]) < 1e-9, `${actual} is not ${wanted}`));

test("a shape is larger by half of its stroke, so that none of it is cut off", () => {
  const { svg, box } = pictureOf('<svg height="100" width="200"><rect fill="#fff" height="100" stroke="#000000" stroke-width="6" width="200" /></svg>');
  assert.deepEqual(box, [-4, -4, 204, 104]);
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" xmlns:xlink="[^"]+" viewBox="-4 -4 208 108" width="208" height="108">/);
  assert.match(svg, /<rect [^>]*width="200" \/>/); // the shape itself stays
});

test("each line of a note gets its place", () => {
  const { svg, box } = pictureOf('<svg height="30" width="100"><text font-family="Arial" font-size="12" fill="#000000">one\n  two</text></svg>');
  assert.match(svg, /<text fill="#000000" font-size="16px" font-family="Arial, sans-serif" xml:space="preserve">/);
  assert.match(svg, /<tspan x="4" y="19">one<\/tspan><tspan x="4" y="38\.2"> {2}two<\/tspan><\/text>/);
  assert.ok(box[2] >= 100 && box[3] > 30);
});

test("a note grows with its text", () => {
  const widthOf = (text) => pictureOf(`<svg height="1" width="1"><text font-size="10">${text}</text></svg>`).box[2];
  assert.ok(widthOf("a long line of text") > 2 * widthOf("short"));
});

test("a note is as high as its lines", () => {
  assert.equal(pictureOf('<svg height="1" width="1"><text font-size="15">one\ntwo\nthree</text></svg>').box[3], 3 + 20 * (3 * 1.2 + 0.3) + 1);
});

test("a drawing without a size is as large as what is in it", () => {
  const note = pictureOf("<svg><text>only a text</text></svg>");
  assert.match(note.svg, /<tspan x="4" y="16\.33">only a text<\/tspan>/); // and not cut off above its baseline
  assert.ok(note.box[2] > 60 && note.box[3] > 16, String(note.box));
  assert.deepEqual(pictureOf('<svg><rect x="5" width="20" height="10"/><line x1="90" x2="3" y1="0" y2="8"/></svg>').box, [-1, -1, 91, 11]);
  assert.match(pictureOf('<svg viewBox="0 0 9 9"><text>x</text></svg>').svg, /<tspan x="4" y="16\.33">x/);
});

test("borders have the dashes of GNS3's clients", () => {
  const dashes = (border) => pictureOf(`<svg width="9" height="9"><rect ${border} width="9" height="9"/></svg>`).svg.match(/stroke-dasharray='?"?([^"']*)/)[1];
  assert.equal(dashes('stroke-dasharray="25, 25" stroke-width="1"'), "10 2");
  assert.equal(dashes("stroke-width='6' stroke-dasharray='5, 25'"), "12 6");
  assert.equal(dashes('stroke-dasharray="7, 3" stroke-width="4"'), "7, 3");
});

test("values stand in quotes of both kinds", () => {
  assert.deepEqual(pictureOf("<svg height='100' width = '200'></svg>").box, [-1, -1, 201, 101]);
});

test("a text that has a place keeps it", () => {
  const { svg } = pictureOf('<svg height="30" width="100"><text x="7" y="9">one</text></svg>');
  assert.match(svg, /<text x="7" y="9">one<\/text>/);
});

test("replacement patterns in a note are text", () => {
  const { svg } = pictureOf("<svg height=\"30\" width=\"100\"><text>$& $1 $' costs $$</text></svg>");
  assert.match(svg, /<tspan x="4" y="16\.33">\$& \$1 \$' costs \$\$<\/tspan>/);
});

test("drawings of other programs are shown as they are", () => {
  const own = '<svg viewBox="0 0 10 10" width="50" height="20"><g><text>x</text></g></svg>';
  const { svg, box } = pictureOf(own);
  assert.deepEqual(box, [0, 0, 50, 20]);
  assert.ok(svg.endsWith("<g><text>x</text></g></svg>"));
  assert.deepEqual(pictureOf("<svg><g><rect width='9' height='9'/></g></svg>").box, [0, 0, 0, 0]);
  assert.match(pictureOf('<svg width="10" height="10"><filter/><text>x</text></svg>').svg, /<text>x<\/text>/);
});

test("namespaces that are there are not written twice", () => {
  const { svg } = pictureOf('<svg xmlns="http://www.w3.org/2000/svg" width="1px" height="1"></svg>');
  assert.equal(svg.match(/xmlns="/g).length, 1);
});

test("what is no SVG, or has no size, covers nothing", () => {
  assert.deepEqual(pictureOf("hello"), { svg: "hello", box: [0, 0, 0, 0] });
  for (const size of ["-1", "1e9", "100%", "9999999", "NaN"]) assert.deepEqual(pictureOf(`<svg width="${size}" height="5"></svg>`).box, [0, 0, 0, 0], size);
  assert.deepEqual(pictureOf("<svg></svg>").box, [0, 0, 0, 0]);
});

test("strokes have an end", () => assert.equal(pictureOf('<svg width="1" height="1"><rect stroke-width="9999"/></svg>').box[0], -101));

// With time that grows as the square, one of these takes minutes, and who runs this gives up.
test("hostile texts take linear time", () => {
  for (const part of ["<text", "<text ", "<svg ", "<text>", "<text x=", " width=", "<svg width='", "\n", "stroke-width=", "</text", "<rect ", "<rect stroke-dasharray=", "<line x1 "]) {
    const text = part.repeat(200_000);
    for (const svg of [text, `<svg width="1" height="1">${text}</svg>`, `<svg width="1" height="1"><text ${text}>x</text></svg>`]) {
      assert.ok(pictureOf(svg).svg.length >= svg.length / 2, part);
    }
  }
});

test("a box that is turned covers more", () => {
  near(turnedBox([0, 0, 100, 50], { x: 10, y: 20, rotation: 0 }), [10, 20, 110, 70]);
  near(turnedBox([0, 0, 100, 50], { x: 10, y: 20, rotation: 90 }), [-40, 20, 10, 120]);
  near(turnedBox([0, 0, 100, 100], { x: 0, y: 0, rotation: 45 }), [-100 / Math.SQRT2, 0, 100 / Math.SQRT2, 200 / Math.SQRT2]);
  near(turnedBox([-5, -5, 5, 5], { x: 0, y: 0, rotation: -180 }), [-5, -5, 5, 5]);
});

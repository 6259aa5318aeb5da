import assert from "node:assert/strict";
import test from "node:test";

import { nameOfShape, readShape, resizedPicture, writePicture, writeShape } from "../../../gns3trio/web/drawings/shape_format.js";

// As GNS3's desktop writes them.
const RECT = '<svg width="200" height="30"><rect width="200" height="30" rx="5" ry="5" fill="#ffffff" fill-opacity="0.5" stroke-dasharray="5, 25, 25" stroke-width="3" stroke="#ff0000" /></svg>';
const ELLIPSE = '<svg height="200.0" width="264.0"><ellipse cx="132" cy="100" fill="#c8c9ce" fill-opacity="1.0" rx="132" ry="100" stroke="#7f7f7f" stroke-dasharray="25, 25" stroke-width="1" /></svg>';
const LINE = '<svg height="577" width="0"><line stroke="#000000" stroke-width="2" x1="0" x2="0" y1="0" y2="577" /></svg>';
const NOTE = '<svg width="102" height="40"><text font-family="TypeWriter" font-size="10.0" font-weight="bold" fill="#0000ff" fill-opacity="0.5">a &lt;b&gt; &amp; c\n two</text></svg>';

test("what GNS3 writes is read", () => {
  assert.deepEqual(readShape(RECT), { kind: "rectangle", width: 200, height: 30, fill: "#ffffff", opacity: 0.5, stroke: "#ff0000", strokeWidth: 3, border: "dash-dot", radius: 5 });
  assert.deepEqual(readShape(ELLIPSE), { kind: "ellipse", width: 264, height: 200, fill: "#c8c9ce", opacity: 1, stroke: "#7f7f7f", strokeWidth: 1, border: "dash" });
  assert.deepEqual(readShape(LINE), { kind: "line", width: 0, height: 577, stroke: "#000000", strokeWidth: 2, border: "solid", x1: 0, y1: 0, x2: 0, y2: 577 });
  assert.deepEqual(readShape(NOTE), { kind: "note", width: 102, height: 40, text: "a <b> & c\n two", color: "#0000ff", opacity: 0.5, family: "TypeWriter", size: 10, bold: true, italic: false, underline: false });
});

test("what is written is read as the same", () => {
  for (const svg of [RECT, ELLIPSE, LINE, NOTE]) assert.deepEqual(readShape(writeShape(readShape(svg))), readShape(svg));
  const note = { ...readShape(NOTE), text: "\"'<&>\u0000\n", italic: true, underline: true, bold: false, family: 'a"b' };
  assert.deepEqual(readShape(writeShape(note)), { ...note, text: "\"'<&>\n" });
});

test("GNS3 knows what is written", () => {
  assert.equal(writeShape(readShape(ELLIPSE)), '<svg height="200" width="264"><ellipse cx="132" cy="100" fill="#c8c9ce" fill-opacity="1.0" rx="132" ry="100" stroke="#7f7f7f" stroke-dasharray="25, 25" stroke-width="1" /></svg>');
});

test("without a border, GNS3's desktop would still draw one in the colour of the border, and its web UI nothing", () => {
  const svg = writeShape({ ...readShape(RECT), border: "none", fill: "#123456" });
  assert.match(svg, /stroke="#123456" stroke-width="0"/);
  assert.equal(readShape(svg).border, "none");
  assert.equal(readShape('<svg width="9" height="9"><rect width="9" height="9" fill="#fff"/></svg>').border, "none");
});

test("what has more than that is left as it is", () => {
  const others = ["", "hello", "<svg></svg>", '<svg width="9" height="9"><rect transform="rotate(3)"/></svg>', '<svg width="9" height="9"><g><rect/></g></svg>', '<svg width="9" height="9" viewBox="0 0 1 1"><rect/></svg>',
    '<svg width="9" height="9"><rect/><rect/></svg>', '<svg width="9" height="9"><text>a<tspan>b</tspan></text></svg>', '<svg width="9" height="9"><script>x</script></svg>'];
  for (const svg of others) assert.equal(readShape(svg).kind, "other", svg);
  assert.equal(readShape(writePicture("data:image/png;base64,AAAA", 30, 20)).kind, "picture");
});

test("a picture gets another size", () => {
  const svg = resizedPicture(writePicture("data:image/png;base64,AAAA", 30, 20), 60, 40);
  assert.deepEqual(readShape(svg), { kind: "picture", width: 60, height: 40 });
  assert.match(svg, /<image height="40" width="60" xlink:href="data:image\/png;base64,AAAA"\/><\/svg>$/);
  const other = resizedPicture('<svg width="10" height="20"><g><rect/></g></svg>', 30, 40);
  assert.equal(other, '<svg height="40" width="30" viewBox="0 0 10 20" preserveAspectRatio="none"><g><rect/></g></svg>');
  assert.equal(resizedPicture(other, 5, 6), '<svg height="6" width="5" viewBox="0 0 10 20" preserveAspectRatio="none"><g><rect/></g></svg>');
});

test("drawings have names", () => {
  assert.equal(nameOfShape(readShape(NOTE)), "Note “a <b> & c two”");
  assert.equal(nameOfShape({ kind: "note", text: " " }), "Note");
  assert.ok(nameOfShape({ kind: "note", text: "x".repeat(1000) }).length < 80);
  assert.equal(nameOfShape(readShape(RECT)), "Rectangle");
  assert.equal(nameOfShape(readShape("")), "Drawing");
});

test("hostile texts take linear time", () => {
  for (const part of ["<svg ", "<rect ", " a='", '<text x="', "</text", "&#", " ", "<?xml ", 'fill="a" ']) {
    for (const svg of [part.repeat(200_000), `<svg ${part.repeat(200_000)}/>`, `<svg width="9" height="9"><rect ${part.repeat(200_000)}/></svg>`, `<svg width="9" height="9"><text>${part.repeat(200_000)}`, `<svg width="9" height="9"><text ${part.repeat(200_000)}>x</text></svg>`]) readShape(svg);
  }
});

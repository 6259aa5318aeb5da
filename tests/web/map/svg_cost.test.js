import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { isBounded } from "../../../gns3trio/web/map/svg_cost.js";

// gns3trio/svg_cost.py decides the same.
const PICTURES = JSON.parse(readFileSync(new URL("../../pictures/pictures.json", import.meta.url)));

for (const { name, svg, isBounded: expected } of PICTURES) {
  test(`${expected ? "shown" : "not shown"}: ${name}`, () => assert.equal(isBounded(svg), expected));
}

test("a drawing may be large", () => {
  assert.ok(isBounded(""));
  assert.ok(isBounded(`<svg>${"<rect/>".repeat(300000)}</svg>`));
  assert.ok(isBounded(`<svg>${'<rect fill="#ff0000"/>'.repeat(100000)}</svg>`));
});

test("entities are not read", () => {
  assert.ok(!isBounded('<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg>&a;</svg>'));
  assert.ok(!isBounded('<?xml version="1.0"?><!-- x --><!DOCTYPE svg SYSTEM "x" [\n<!ENTITY a "aaaa">]><svg>&a;</svg>'));
});

test("what is no XML from somewhere on is not read from there on", () => {
  const hostile = PICTURES[0].svg;
  assert.ok(isBounded(`< ${hostile}`));
  assert.ok(!isBounded(`${hostile} < `));
});

// With time that grows as the square, one of these takes minutes, and who runs this gives up.
test("hostile texts take linear time", () => {
  const parts = ["<use ", "<g id='a'>", "<use href='#a'/>", "url(#", "<style", "href=", "data:image/svg+xml,", '<a "', "<a b='", "</a>", "<!--", "<![CDATA[", "<?", "<!DOCTYPE", " ", "#", "a b", "<a b", "\\", "%", "&#35;", "<g fill='url(#a)'>"];
  for (const part of parts) for (const svg of [part.repeat(200000), `<svg style="${part.repeat(100000)}" id='a'/>`, `<svg><style>${part.repeat(100000)}`]) isBounded(svg);
});

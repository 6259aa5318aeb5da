import assert from "node:assert/strict";
import test from "node:test";

import { xmlText, xmlValue } from "../../../gns3trio/web/drawings/xml_text.js";

test("texts survive", () => {
  for (const text of ["", "plain", `<a b="c">&amp;'</a>`, "ümläut 😀\n\ttab"]) assert.equal(xmlText(xmlValue(text)), text);
});

test("what XML forbids is left out", () => assert.equal(xmlValue("a\u0000b\u000bc\ud800d\uffff"), "abcd"));

test("references are read, and others stay", () => {
  assert.equal(xmlText("&#65;&#x42;&apos;&quot;"), "AB'\"");
  assert.equal(xmlText("&nope; &#9999999; &"), "&nope; &#9999999; &");
});

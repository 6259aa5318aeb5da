import assert from "node:assert/strict";
import test from "node:test";

import { isBounded } from "../../../gns3trio/web/map/svg_cost.js";

// `levels` groups, each of which shows the one before `times` times.
function bomb(levels, times, refer = (id) => `<use href="#${id}"/>`) {
  const groups = Array.from({ length: levels }, (_, level) => `<g id="a${level + 1}">${refer(`a${level}`).repeat(times)}</g>`);
  return `<svg><defs><g id="a0"><rect/></g>${groups.join("")}</defs>${refer(`a${levels}`)}</svg>`;
}

test("plain drawings and those that refer to a few elements are bounded", () => {
  for (const svg of ["", "<svg><rect/></svg>", bomb(2, 10), '<svg><linearGradient id="g"/><rect fill="url(#g)"/></svg>']) assert.ok(isBounded(svg), svg);
  assert.ok(isBounded(`<svg>${"<rect/>".repeat(300000)}</svg>`));
});

test("elements that multiply are not", () => {
  assert.ok(!isBounded(bomb(6, 10)));
  assert.ok(!isBounded(bomb(40, 2)));
  assert.ok(!isBounded(bomb(6, 10, (id) => `<use xlink:href = '#${id}'></use>`)));
  assert.ok(!isBounded(bomb(6, 10, (id) => `<rect fill="url(#${id})"/>`)));
  assert.ok(!isBounded('<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg>&a;</svg>'));
  assert.ok(!isBounded("<svg><style>rect { fill: url(#a) }</style></svg>"));
});

test("nor if they are in a picture inside", () => {
  const inside = (svg) => `<svg><image href="data:image/svg+xml;base64,${btoa(svg)}"/></svg>`;
  assert.ok(isBounded(inside(bomb(2, 10))));
  assert.ok(!isBounded(inside(bomb(6, 10))));
  assert.ok(!isBounded(inside(inside(bomb(6, 10)))));
  assert.ok(!isBounded(inside(inside(inside("<svg/>")))));
  assert.ok(!isBounded(`<svg><image href="data:image/svg+xml,${encodeURIComponent(bomb(6, 10))}"/></svg>`));
});

test("what refers to itself has an end", () => {
  assert.ok(isBounded('<svg><g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g></svg>'));
});

// With time that grows as the square, one of these takes minutes, and who runs this gives up.
test("hostile texts take linear time", () => {
  for (const part of ["<use ", "<g id='a'>", "<use href='#a'/>", "url(#", "<style", "href=", "data:image/svg+xml,", '<a "', "<a b='", "</a>"]) isBounded(`<svg>${part.repeat(200000)}</svg>`);
});

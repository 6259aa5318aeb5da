import assert from "node:assert/strict";
import test from "node:test";

import { ICONS, icon } from "../../gns3trio/web/icons.js";
import { openDocument } from "./small_dom.js";

test("an icon is a picture of 20 by 20 that screen readers leave out", () => {
  openDocument();
  const picture = icon("play");
  assert.equal(picture.tag, "svg");
  assert.equal(picture.getAttribute("viewBox"), "0 0 20 20");
  assert.equal(picture.getAttribute("aria-hidden"), "true");
});

test("each drawing is a path within the picture", () => {
  for (const [name, path] of Object.entries(ICONS)) {
    assert.match(path, /^M[-\d. ]+[MLHVAZmlhvazcs\d. -]*$/, name);
    for (const [, x, y] of path.matchAll(/[ML]([\d.]+)[ ,]([\d.]+)/g)) assert.ok(x <= 20 && y <= 20, name);
  }
});

test("an unknown icon is told, also one that every object has", () => {
  openDocument();
  for (const name of ["nothing", "toString", "__proto__"]) assert.throws(() => icon(name), /There is no icon/);
});

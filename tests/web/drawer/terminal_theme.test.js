import assert from "node:assert/strict";
import { test } from "node:test";

import { isLight, themeOf } from "../../../gns3trio/web/drawer/terminal_theme.js";

// WCAG 2.2: relative luminance and contrast.
function luminance(colour) {
  const parts = colour.startsWith("#") ? colour.slice(1).match(/../g).map((part) => parseInt(part, 16)) : colour.match(/\d+/g).map(Number);
  const [r, g, b] = parts.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

test("a colour is light or dark, also a transparent one or none", () => {
  assert.deepEqual(["rgb(255, 255, 255)", "rgb(22, 27, 33)", "rgba(0, 0, 0, 0)", ""].map(isLight), [true, false, false, false]);
});

test("coloured text can be read on both grounds", () => {
  for (const ground of ["rgb(250, 251, 252)", "rgb(22, 27, 33)"]) {
    const theme = themeOf(ground, isLight(ground) ? "rgb(26, 33, 41)" : "rgb(231, 235, 239)");
    for (const name of ["red", "green", "yellow", "blue", "magenta", "cyan", "white"]) {
      assert.ok(contrast(theme[name], ground) >= 4.5, `${name} on ${ground}: ${contrast(theme[name], ground)}`);
    }
    assert.ok(contrast(theme.foreground, theme.selectionBackground) >= 4.5);
  }
});

test("a theme has all sixteen colours", () => {
  const theme = themeOf("rgb(0, 0, 0)", "rgb(255, 255, 255)");
  assert.equal(Object.keys(theme).filter((name) => /black|red|green|yellow|blue|magenta|cyan|white/i.test(name)).length, 16);
  assert.ok(Object.values(theme).every(Boolean));
});

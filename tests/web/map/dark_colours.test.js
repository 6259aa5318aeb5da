import assert from "node:assert/strict";
import test from "node:test";

import { darkRules, luminance, onDark } from "../../../gns3trio/web/map/dark_colours.js";

const parts = (color) => color.slice(1).match(/../g).map((pair) => parseInt(pair, 16) / 255);
const contrast = (a, b) => {
  const [low, high] = [luminance(parts(a)), luminance(parts(b))].toSorted((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
const COLOURS = ["#ffffff", "#000000", "#eef4fb", "#f3f8ee", "#ffff00", "#00ff00", "#0000ff", "#ff0000", "#5a6472", "#aa55ff", "#808080", "#00ffff"];

test("the page's text can be read on every area, and every line is seen on the page", () => {
  for (const color of COLOURS) {
    assert.ok(contrast(onDark(color, "area"), "#e7ebef") >= 4.5, `${color} becomes ${onDark(color, "area")}`);
    assert.ok(contrast(onDark(color, "line"), "#14181d") >= 3, `${color} becomes ${onDark(color, "line")}`);
  }
});

test("texts and lines can be read on every area", () => {
  for (const text of ["#000000", "#5a6472", "#0000ff"]) assert.ok(contrast(onDark("#eef4fb", "area"), onDark(text, "line")) >= 3, text);
});

test("a hue stays", () => {
  const [red, green, blue] = parts(onDark("#eef4fb", "area"));
  assert.ok(blue > green && green > red);
  const line = parts(onDark("#aa0000", "line"));
  assert.ok(line[0] > line[1] && line[1] === line[2]);
});

test("what suits a dark page stays as it is", () => {
  assert.equal(onDark("#2a1a1a", "area"), "#2a1a1a");
  assert.equal(onDark("#ffcc88", "line"), "#ffcc88");
});

test("other colours are left alone", () => {
  for (const color of ["", "url(#a)", "#12", "#12345", "red; }", "rgb(1,2,3)", "toString", "none"]) assert.equal(onDark(color, "area"), null);
  assert.equal(onDark(" WHITE ", "area"), onDark("#fff", "area"));
});

test("a drawing gets a rule for each of its colours, and none that its author could write", () => {
  const rules = darkRules('<svg><rect fill="#eef4fb" stroke="#000000"/><text fill="#000000">a</text><rect fill="#eef4fb"/><rect fill="&quot;]{}"/></svg>');
  assert.match(rules, /:is\(rect, ellipse, path\)\[fill="#eef4fb"\] \{ fill: #[0-9a-f]{6} \}/);
  assert.match(rules, /text\[fill="#000000"\] \{ fill: #[0-9a-f]{6} \}/);
  assert.match(rules, /^\[stroke="#000000"\] \{ stroke: #[0-9a-f]{6} \}/m);
  assert.equal(rules.split("\n").length, 5);
  assert.doesNotMatch(rules, /quot/);
});

test("a drawing of very many colours costs little", () => {
  const many = Array.from({ length: 50_000 }, (_, n) => `<rect fill="#${n.toString(16).padStart(6, "0")}"/>`).join("");
  assert.equal(darkRules(many).split("\n").length, 200);
});

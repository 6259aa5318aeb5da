import assert from "node:assert/strict";
import test from "node:test";

import { nextTab, tabs } from "../../../gns3trio/web/panels/tabs.js";
import { openDocument } from "../small_dom.js";

// Tabs, with what each has made so far.
function open(ids, options) {
  openDocument();
  const made = [];
  const shown = tabs(ids.map((id) => ({ id, title: id.toUpperCase(), make: () => { made.push(id); return `content of ${id}`; } })), { label: "Node", ...options });
  const [bar, ...panels] = shown.element.children;
  return { ...shown, shown, made, bar, panels, buttons: bar.children };
}

const selected = ({ buttons }) => buttons.filter((tab) => tab.getAttribute("aria-selected") === "true").map((tab) => tab.textContent);

test("one tab is shown, is the one that the Tab key reaches, and names its panel", () => {
  const one = open(["overview", "settings", "files"]);
  assert.deepEqual(selected(one), ["OVERVIEW"]);
  assert.deepEqual(one.buttons.map((tab) => tab.tabIndex), [0, -1, -1]);
  assert.deepEqual(one.panels.map((panel) => panel.hidden), [false, true, true]);
  assert.deepEqual(one.panels.map((panel) => panel.getAttribute("aria-labelledby")), one.buttons.map((tab) => tab.getAttribute("id")));
  assert.deepEqual(one.buttons.map((tab) => tab.getAttribute("aria-controls")), one.panels.map((panel) => panel.getAttribute("id")));
});

test("a content is made once, when it is shown first", () => {
  const one = open(["overview", "settings"]);
  assert.deepEqual(one.made, ["overview"]);
  one.buttons[1].click();
  one.buttons[0].click();
  one.buttons[1].click();
  assert.deepEqual(one.made, ["overview", "settings"]);
  assert.equal(one.panels[1].textContent, "content of settings");
  assert.deepEqual(selected(one), ["SETTINGS"]);
});

test("the next panel of a kind begins with the tab that was chosen, if it has it", () => {
  open(["overview", "files"], { kind: "node" }).choose("files");
  assert.deepEqual(selected(open(["overview", "settings", "files"], { kind: "node" })), ["FILES"]);
  assert.deepEqual(selected(open(["overview", "files"], { kind: "link" })), ["OVERVIEW"]);
  assert.deepEqual(selected(open(["overview", "settings"], { kind: "node" })), ["OVERVIEW"]);
  open(["overview", "files"], { kind: "node" }).show("overview"); // shown by the program: not what the user has chosen
  assert.deepEqual(selected(open(["overview", "files"], { kind: "node" })), ["FILES"]);
});

test("panels without a kind have nothing to do with each other", () => {
  open(["a", "b"]).choose("b");
  assert.deepEqual(selected(open(["a", "b"])), ["A"]);
});

test("keys go round", () => {
  assert.deepEqual(["ArrowRight", "ArrowLeft", "Home", "End", "a"].map((key) => nextTab(key, 2, 3)), [0, 1, 0, 2, undefined]);
  assert.equal(nextTab("ArrowLeft", 0, 3), 2);
});

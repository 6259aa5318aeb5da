import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { h } from "../../../gns3trio/web/dom.js";
import { Drawer } from "../../../gns3trio/web/drawer/drawer.js";
import { openDocument } from "../small_dom.js";

beforeEach(openDocument);

function makeDrawer() {
  const drawer = new Drawer();
  drawer.element.scrollIntoView = () => {};
  return drawer;
}

// What a tab shows; it notes what the drawer does with it.
function content(name) {
  const made = { element: h("div", {}, name), ended: false, closed: 0, seen: 0 };
  return Object.assign(made, { alive: () => !made.ended, close: () => { made.closed += 1; }, shown: () => { made.seen += 1; } });
}

const tabsOf = (drawer) => drawer.tabs.children;
const titles = (drawer) => tabsOf(drawer).map((tab) => tab.children[0].textContent);
const shown = (drawer) => drawer.panes.children.filter((panel) => !panel.hidden).map((panel) => panel.children[1].textContent);
const press = (element, kind, more) => element.dispatchEvent(Object.assign(new Event(kind), more));

test("a drawer without tabs is closed", () => {
  const drawer = makeDrawer();
  assert.equal(drawer.element.hidden, true);
  drawer.show("a", "A", () => content("a"));
  assert.equal(drawer.element.hidden, false);
  drawer.close("a");
  assert.equal(drawer.element.hidden, true);
});

test("one tab is shown, the newest or that which was chosen", () => {
  const drawer = makeDrawer();
  drawer.show("a", "A", () => content("a"));
  drawer.show("b", "B", () => content("b"));
  assert.deepEqual([titles(drawer), shown(drawer)], [["A", "B"], ["b"]]);
  tabsOf(drawer)[0].click();
  assert.deepEqual(shown(drawer), ["a"]);
  assert.deepEqual(tabsOf(drawer).map((tab) => tab.getAttribute("aria-selected")), ["true", "false"]);
});

test("a tab list has tabs only, of which the Tab key reaches one, and each names its panel", () => {
  const drawer = makeDrawer();
  for (const name of ["a", "b", "c"]) drawer.show(name, name, () => content(name));
  assert.deepEqual(tabsOf(drawer).map((tab) => [tab.tag, tab.getAttribute("role"), tab.getAttribute("tabindex")]), ["-1", "-1", "0"].map((index) => ["button", "tab", index]));
  assert.deepEqual(tabsOf(drawer).map((tab) => tab.getAttribute("aria-controls")), drawer.panes.children.map((panel) => panel.getAttribute("id")));
});

test("a tab that is there is shown again, not made", () => {
  const drawer = makeDrawer();
  const first = content("first");
  drawer.show("a", "A", () => first);
  drawer.show("a", "A", () => assert.fail("made twice"));
  assert.deepEqual([titles(drawer), first.seen, first.closed], [["A"], 2, 0]);
});

test("what has ended is closed and made anew", () => {
  const drawer = makeDrawer();
  const first = content("first");
  drawer.show("a", "A", () => first);
  first.ended = true;
  drawer.show("a", "A", () => content("second"));
  assert.deepEqual([titles(drawer), shown(drawer), first.closed], [["A"], ["second"], 1]);
});

test("a tab that is opened in the background takes no focus", () => {
  const drawer = makeDrawer();
  const made = content("a");
  drawer.show("a", "A", () => made, { focus: false });
  assert.deepEqual([shown(drawer), made.seen], [["a"], 0]);
});

test("a tab that is closed leaves the drawer to another, by its cross, the button and the Delete key", () => {
  const drawer = makeDrawer();
  const made = ["a", "b", "c", "d"].map((name) => content(name));
  for (const [place, each] of made.entries()) drawer.show("abcd"[place], "ABCD"[place], () => each);
  const [, cross] = tabsOf(drawer)[3].children;
  press(tabsOf(drawer)[3], "click", {});
  drawer.press({ target: cross }, "d", cross);
  assert.deepEqual([titles(drawer), shown(drawer)], [["A", "B", "C"], ["c"]]);
  assert.equal(drawer.tools.close.getAttribute("aria-label"), "Close C");
  drawer.tools.close.click();
  press(drawer.tabs, "keydown", { key: "Delete" });
  assert.deepEqual([titles(drawer), shown(drawer), made.map(({ closed }) => closed)], [["A"], ["a"], [0, 1, 1, 1]]);
  drawer.close("b"); // is none any more
  assert.equal(made[1].closed, 1);
});

test("keys choose tabs and keep the focus on them", () => {
  const drawer = makeDrawer();
  for (const name of ["a", "b", "c"]) drawer.show(name, name, () => content(name));
  press(drawer.tabs, "keydown", { key: "ArrowRight" });
  assert.deepEqual([shown(drawer), document.activeElement === tabsOf(drawer)[0]], [["a"], true]);
  press(drawer.tabs, "keydown", { key: "End" });
  assert.deepEqual(shown(drawer), ["c"]);
});

test("tabs are side by side, and the one with the focus is chosen", () => {
  const drawer = makeDrawer();
  for (const name of ["a", "b", "c"]) drawer.show(name, name, () => content(name));
  drawer.tools.split.click();
  assert.deepEqual([shown(drawer), drawer.panes.style.getPropertyValue("--columns")], [["a", "b", "c"], "3"]);
  press(drawer.panes.children[0], "focusin");
  assert.equal(drawer.tools.close.getAttribute("aria-label"), "Close a");
  drawer.press({ ctrlKey: true }, "b", null);
  assert.deepEqual(shown(drawer), ["a", "c"]);
});

test("what is typed goes to several consoles while that is shown", () => {
  const drawer = makeDrawer();
  const typed = [];
  for (const name of ["a", "b", "c"]) drawer.show(name, name, () => Object.assign(content(name), { type: (text) => typed.push(name + text) }));
  drawer.show("p", "p", () => content("packets"));
  drawer.tools.everyone.click();
  assert.equal(drawer.everyone.element.hidden, false);
  drawer.typed("a", "1");
  drawer.close("c");
  drawer.typed("a", "2");
  drawer.close("b");
  drawer.typed("a", "3");
  assert.deepEqual([typed, drawer.everyone.element.hidden], [["a1", "b1", "c1", "a2", "b2", "a3"], true]);
});

test("a drawer that ends closes all, and forgets nothing", () => {
  const kept = [];
  const drawer = new Drawer(() => kept.push(drawer.state.ids.length));
  drawer.element.scrollIntoView = () => {};
  const made = content("a");
  drawer.show("a", "A", () => made);
  drawer.end();
  assert.deepEqual([made.closed, kept], [1, [1]]);
});

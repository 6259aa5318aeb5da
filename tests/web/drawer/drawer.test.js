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

const titles = (drawer) => drawer.tabs.children.map((place) => place.children[0].textContent);
const shown = (drawer) => drawer.panes.children.filter((pane) => !pane.hidden).map((pane) => pane.textContent);

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
  drawer.tabs.children[0].children[0].click();
  assert.deepEqual(shown(drawer), ["a"]);
  assert.deepEqual(drawer.tabs.children.map((place) => place.children[0].getAttribute("aria-selected")), ["true", "false"]);
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

test("a tab that is closed leaves the drawer to another", () => {
  const drawer = makeDrawer();
  const [a, b] = [content("a"), content("b")];
  drawer.show("a", "A", () => a);
  drawer.show("b", "B", () => b);
  drawer.tabs.children[1].children[1].click(); // ×
  assert.deepEqual([titles(drawer), shown(drawer), b.closed], [["A"], ["a"], 1]);
  drawer.close("b"); // is none any more
  assert.equal(b.closed, 1);
});

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { classNames, h, s, set, setText } from "../../gns3trio/web/dom.js";
import { openDocument } from "./small_dom.js";

beforeEach(openDocument);

test("an element gets its properties, attributes and listeners", () => {
  let clicks = 0;
  const element = h("button", { className: "plain", hidden: true, "data-id": "n1", onclick: () => { clicks += 1; } }, "Go");
  element.click();
  assert.deepEqual([element.tag, element.className, element.hidden, element.textContent, clicks], ["button", "plain", true, "Go", 1]);
  assert.equal(element.getAttribute("data-id"), "n1");
  assert.equal(element.getAttribute("hidden"), null); // a property is none
});

test("attributes that do not hold are left out", () => {
  const element = h("div", { "data-a": false, "data-b": null, "data-c": undefined, "data-d": 0, "data-e": "" });
  assert.deepEqual([...element.attributes], [["data-d", "0"], ["data-e", ""]]);
});

test("children come in lists of any depth, and some are none", () => {
  const element = h("p", {}, ["a", [h("b", {}, "b"), [null, false, undefined]]], 0, "");
  assert.equal(element.textContent, "ab0");
});

test("pictures have attributes only", () => {
  const element = s("rect", { class: "plate", hidden: "yes" });
  assert.deepEqual([element.className, element.getAttribute("class"), element.hidden, element.getAttribute("hidden")], ["", "plate", false, "yes"]);
});

test("what is the same is not set again", (t) => {
  const element = h("p", { "data-x": 1 }, "text");
  const changed = t.mock.method(element, "setAttribute");
  const replaced = t.mock.method(element, "replaceChildren");
  set(element, { "data-x": 1 });
  setText(element, "text");
  assert.deepEqual([changed.mock.callCount(), replaced.mock.callCount()], [0, 0]);
  set(element, { "data-x": 2 });
  setText(element, "other");
  assert.deepEqual([element.getAttribute("data-x"), element.textContent], ["2", "other"]);
});

test("names of the states that hold", () => {
  assert.equal(classNames("link", { busy: true, losing: false, suspended: undefined, selected: 1 }), "link busy selected");
  assert.equal(classNames("link", {}), "link");
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { act, button, enable, forbid } from "../../gns3trio/web/actions.js";
import { openDocument } from "./small_dom.js";

const isOff = (element) => element.getAttribute("aria-disabled") === "true";
const settle = () => new Promise((done) => { setImmediate(done); });

test("a button is disabled until its action is done", async () => {
  openDocument();
  let finish;
  let times = 0;
  const start = button("Start", () => new Promise((done) => { times += 1; finish = done; }), { className: "primary" });
  assert.deepEqual([start.textContent, start.className, isOff(start)], ["Start", "primary", false]);
  start.click();
  start.click();
  assert.deepEqual([times, isOff(start)], [1, true]);
  finish();
  await settle();
  assert.equal(isOff(start), false);
});

test("the action of a button gets no event, which it might take for what it is called with elsewhere", async () => {
  openDocument();
  const given = [];
  button("Add", (...values) => given.push(values)).click();
  await settle();
  assert.deepEqual(given, [[]]);
});

test("a button that is switched off while its action runs stays so", async () => {
  openDocument();
  let times = 0;
  const start = button("Start", async () => {
    times += 1;
    enable(start, false); // an event tells that the node has started
  });
  start.click();
  await settle();
  start.click();
  await settle();
  assert.deepEqual([times, isOff(start), start.disabled], [1, true, false]); // a disabled one would lose the focus
  enable(start, true);
  start.click();
  await settle();
  assert.equal(times, 2);
});

test("what goes wrong is told, and the button can be used again", async () => {
  const { messages } = openDocument();
  const stop = button("Stop", async () => { throw new Error("The node is not started."); });
  stop.click();
  await settle();
  assert.deepEqual([messages.children[0].children[0].textContent, messages.children[0].className], ["The node is not started.", "message error"]);
  assert.equal(isOff(stop), false);
});

test("an action without a button tells too, also what it throws at once", async () => {
  const { messages } = openDocument();
  await act(() => { throw new Error("PC1 has no free port."); })();
  assert.equal(messages.children[0].children[0].textContent, "PC1 has no free port.");
});

test("a button that the user may not press says why, keeps its title for later, and does nothing", async () => {
  const { messages } = openDocument();
  let [times, pressed] = [0, 0];
  const start = button("Start", async () => { times += 1; }, { title: "Start the node" });
  forbid(start, "You may not start nodes here.", () => { pressed += 1; });
  start.click();
  await settle();
  assert.deepEqual([times, pressed, isOff(start), start.getAttribute("title")], [0, 1, true, "You may not start nodes here."]);
  assert.equal(messages.children[0].children[0].textContent, "You may not start nodes here.");
  enable(start, true); // the node has stopped
  assert.equal(isOff(start), true);
  forbid(start, "");
  start.click();
  await settle();
  assert.deepEqual([times, isOff(start), start.getAttribute("title")], [1, false, "Start the node"]);
});

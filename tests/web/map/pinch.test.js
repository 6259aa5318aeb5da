import assert from "node:assert/strict";
import test from "node:test";

import { zoomedView } from "../../../gns3trio/web/map/map_view.js";
import { Pinch, pinched } from "../../../gns3trio/web/map/pinch.js";

const VIEW = { x: 10, y: 20, scale: 1 };
const pointOf = ({ x, y, scale }, [across, down]) => [(across - x) / scale, (down - y) / scale];

test("what was between the fingers stays between them", () => {
  const before = { x: 100, y: 100, distance: 50 };
  const after = { x: 160, y: 90, distance: 100 };
  const view = pinched(VIEW, before, after, zoomedView);
  assert.equal(view.scale, 2);
  assert.deepEqual(pointOf(view, [160, 90]), pointOf(VIEW, [100, 100]));
});

test("fingers that keep their distance move the view", () => {
  const span = { x: 5, y: 5, distance: 70 };
  assert.deepEqual(pinched(VIEW, span, { ...span, x: 15, y: 0 }, zoomedView), { x: 20, y: 15, scale: 1 });
});

// A map with two fingers on it, and what has been heard of the view and by others.
function touched(t) {
  class Touch extends Event {
    constructor(name, init) {
      super(name, { bubbles: true });
      Object.assign(this, { pointerType: "touch", isPrimary: false, clientX: 0, clientY: 0, ...init });
    }
  }
  globalThis.PointerEvent = Touch;
  t.after(() => delete globalThis.PointerEvent);
  const svg = Object.assign(new EventTarget(), { getBoundingClientRect: () => ({ left: 0, top: 0 }), setPointerCapture: () => {} });
  let view = VIEW;
  new Pinch(svg, { zoomed: zoomedView, onView: (change) => { view = change(view); } });
  const heard = [];
  for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
    svg.addEventListener(name, (event) => event.cancelBubble || heard.push(`${name} ${event.pointerId}`)); // here all listeners are at one element
  }
  const send = (name, pointerId, [clientX, clientY], more = {}) => {
    svg.dispatchEvent(new Touch(name, { pointerId, clientX, clientY, ...more }));
  };
  return { send, heard, now: () => view };
}

test("the second finger ends what the first has begun, and both zoom", (t) => {
  const { send, heard, now } = touched(t);
  send("pointerdown", 1, [0, 0], { isPrimary: true });
  send("pointerdown", 2, [100, 0]);
  assert.deepEqual(heard, ["pointerdown 1", "pointercancel 1"]);
  send("pointermove", 2, [200, 0]);
  assert.equal(now().scale, 2);
  send("pointerup", 2, [200, 0]);
  send("pointermove", 1, [50, 50]);
  assert.equal(now().scale, 2);
});

test("one finger, and a mouse, are left to others", (t) => {
  const { send, heard, now } = touched(t);
  send("pointerdown", 1, [0, 0], { isPrimary: true });
  send("pointermove", 1, [9, 9]);
  send("pointerdown", 7, [0, 0], { pointerType: "mouse" });
  assert.deepEqual(heard, ["pointerdown 1", "pointermove 1", "pointerdown 7"]);
  assert.deepEqual(now(), VIEW);
});

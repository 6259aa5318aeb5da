import assert from "node:assert/strict";
import test from "node:test";

import { placesBeside, placesOfPort } from "../../../gns3trio/web/map/wire_texts.js";

const line = (x1, y1, x2, y2) => ({ x1, y1, x2, y2 });
const [ABOVE, BELOW] = [1, -1];
const across = (places) => places.map(({ x }) => Math.round(x));
const LOAD = "12.3 kbit/s";

// How far the corners of a box are from a line, on each of its sides.
function distances({ x1, y1, x2, y2 }, [left, top, right, bottom]) {
  const length = Math.hypot(x2 - x1, y2 - y1);
  return [[left, top], [right, top], [right, bottom], [left, bottom]].map(([x, y]) => ((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) / length);
}

test("a text is beside its wire, whatever the direction: the wire does not go through it", () => {
  for (let turn = 0; turn < 360; turn += 7) {
    const [x, y] = [300 * Math.cos((turn * Math.PI) / 180), 300 * Math.sin((turn * Math.PI) / 180)];
    const wire = line(0, 0, x, y);
    for (const side of [ABOVE, BELOW]) {
      for (const { box } of placesBeside(wire, 0.5, true, LOAD, side, 0)) {
        const away = distances(wire, box);
        assert.ok(away.every((each) => each > 1.5) || away.every((each) => each < -1.5), `${turn}: ${away}`);
        assert.ok(Math.min(...away.map(Math.abs)) < 8, `${turn}: ${away}`); // and near it
      }
    }
  }
});

test("the load is above, or right of an upright wire; what is set on the wire is on the other side", () => {
  const [above] = placesBeside(line(0, 0, 400, 0), 0.5, true, LOAD, ABOVE, 0);
  const [below] = placesBeside(line(400, 0, 0, 0), 0.5, true, LOAD, BELOW, 0);
  assert.deepEqual([above.x, above.anchor, below.x, below.anchor], [200, "middle", 200, "middle"]);
  assert.ok(above.box[3] < 0 && below.box[1] > 0);
  for (const wire of [line(0, 0, 0, 400), line(0, 400, 0, 0), line(0, 0, -20, 400)]) {
    assert.equal(placesBeside(wire, 0.5, true, LOAD, ABOVE, 0)[0].anchor, "start");
    assert.equal(placesBeside(wire, 0.5, true, LOAD, BELOW, 0)[0].anchor, "end");
  }
});

test("other places are along the wire, not near its ends, and then on the other side", () => {
  const places = placesBeside(line(0, 0, 200, 0), 0.5, true, LOAD, ABOVE, 0);
  assert.deepEqual(places.map(({ x }) => x), [100, 130, 70, 100, 130, 70]);
  assert.ok(places.slice(0, 3).every(({ box }) => box[3] < 0) && places.slice(3).every(({ box }) => box[1] > 0));
  assert.equal(placesBeside(line(0, 0, 40, 0), 0.5, true, LOAD, ABOVE, 0).length, 2); // a short wire has its middle
});

test("a load that changes by some letters keeps its room", () => {
  const boxes = ["1.5 kbit/s", "999.9 kbit/s"].map((text) => String(placesBeside(line(0, 0, 400, 0), 0.5, true, text, ABOVE, 0)[0].box));
  assert.equal(boxes[0], boxes[1]);
});

test("parallel wires have no room between them: their texts are left and right of a point", () => {
  const [load] = placesBeside(line(0, 0, 400, 0), 0.25, false, LOAD, ABOVE, 0);
  const [set] = placesBeside(line(0, 0, 400, 0), 0.25, false, LOAD, BELOW, 0);
  assert.deepEqual([load.x, load.y, load.anchor, set.x, set.anchor], [92, -3, "end", 108, "start"]);
});

test("nodes at one place have texts with numbers", () => {
  for (const { x, y, box } of placesBeside(line(5, 5, 5, 5), 0.5, true, LOAD, ABOVE, 0)) assert.ok([x, y, ...box].every(Number.isFinite));
});

test("the name of a port begins beside its node, and moves away up to the middle of the wire", () => {
  const places = placesOfPort([0, 0], [400, 0], [60, 40], "e0");
  assert.deepEqual(across(places), [42, 56, 70, 84, 98, 112]);
  assert.ok(places.every(({ anchor, y }) => anchor === "middle" && y === 4));
  assert.deepEqual(across(placesOfPort([0, 0], [120, 0], [60, 40], "e0")), [42, 56, 60]);
});

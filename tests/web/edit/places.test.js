import assert from "node:assert/strict";
import test from "node:test";

import { MovedObjects } from "../../../gns3trio/web/edit/places.js";

function moving(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const objects = new Map([["n1", { x: 0, y: 0 }], ["n2", { x: 5, y: 5 }]]);
  const lab = { placed: (id) => objects.get(id), place: (id, x, y) => objects.set(id, { x, y }), pathOf: (id) => `/${id}`, kindOf: () => "node", nameOf: (id) => id };
  const [made, errors] = [[], []];
  const history = { change: async (text, changes) => {
    if (history.refuses) throw new Error("no");
    made.push([text, changes]);
  } };
  const moved = new MovedObjects({ lab, history }, (error) => errors.push(error.message));
  return { moved, objects, history, made, errors, wait: (ms) => t.mock.timers.tick(ms) };
}

const settle = () => new Promise((done) => { setImmediate(done); });

test("steps that follow each other are one change, from where an object was before", (t) => {
  const { moved, made, wait } = moving(t);
  moved.move([["n1", [10, 0]], ["n2", [15, 5]]]);
  moved.keep();
  wait(100);
  moved.move([["n1", [20, 0]], ["n2", [25, 5]]]);
  moved.keep();
  wait(149);
  assert.deepEqual(made, []);
  wait(1);
  assert.deepEqual(made, [["Move 2 nodes", [{ path: "/n1", before: { x: 0, y: 0 }, fields: { x: 20, y: 0 } }, { path: "/n2", before: { x: 5, y: 5 }, fields: { x: 25, y: 5 } }]]]);
});

test("what is where it was, or gone, has not moved", (t) => {
  const { moved, objects, made, wait } = moving(t);
  moved.move([["n1", [10, 0]], ["n2", [15, 5]]]);
  moved.move([["n1", [0, 0]]]);
  objects.delete("n2");
  moved.keep();
  wait(1000);
  assert.deepEqual(made, []);
});

test("if places cannot be kept, the objects are where they were", async (t) => {
  const { moved, objects, history, errors, wait } = moving(t);
  history.refuses = true;
  moved.move([["n1", [10, 0]]]);
  moved.keep();
  wait(1000);
  await settle();
  assert.deepEqual(errors, ["no"]);
  assert.deepEqual(objects.get("n1"), { x: 0, y: 0 });
});

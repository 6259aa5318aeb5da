import assert from "node:assert/strict";
import test from "node:test";

import { mapSome } from "../../../gns3trio/web/edit/at_a_time.js";

const settle = () => new Promise((done) => { setImmediate(done); });

test("results are in the order of the items, and only some are begun at once", async () => {
  let [running, most] = [0, 0];
  const results = await mapSome([5, 1, 3, 2, 4], async (item) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < item; turn += 1) await settle();
    running -= 1;
    return 10 * item;
  }, 2);
  assert.deepEqual(results, [50, 10, 30, 20, 40]);
  assert.equal(most, 2);
});

test("after an error nothing more is begun", async () => {
  const begun = [];
  const work = mapSome([1, 2, 3, 4], async (item) => {
    begun.push(item);
    await settle();
    if (item === 1) throw new Error("no");
  }, 1);
  await assert.rejects(work, /no/);
  assert.deepEqual(begun, [1]);
});

test("of nothing there is nothing", async () => {
  assert.deepEqual(await mapSome([], () => assert.fail()), []);
});

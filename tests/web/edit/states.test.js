import assert from "node:assert/strict";
import test from "node:test";

import { isSame, objectsOf, pickLike, stateAfter } from "../../../gns3trio/web/edit/states.js";

const ID = "00000000-0000-4000-8000-00000000000";

test("a request concerns the objects that it names", () => {
  assert.deepEqual(objectsOf({ method: "PUT", path: `/v2/projects/p/nodes/${ID}1`, body: { x: 1 } }), [`${ID}1`]);
  assert.deepEqual(objectsOf({ method: "PUT", path: `/v2/projects/p/links/${ID}2/impairments`, body: {} }), [`${ID}2`]);
  assert.deepEqual(objectsOf({ method: "POST", path: "/v2/projects/p/nodes", body: { node_id: "n1" } }), ["n1"]);
  assert.deepEqual(objectsOf({ method: "POST", path: "/v2/projects/p/links", body: { link_id: "l1", nodes: [{ node_id: "n1" }, { node_id: "n2" }] } }), ["l1", "n1", "n2"]);
  assert.deepEqual(objectsOf({ method: "PUT", path: "/v2/projects/p", body: { name: "x" } }), ["/v2/projects/p"]);
});

test("of a reply, what was asked for is picked", () => {
  const reply = { x: 1, status: "started", properties: { ram: 256, disks: [{ size: 1, free: 2 }] } };
  assert.deepEqual(pickLike(reply, { x: 0, properties: { disks: [{ size: 0 }] } }), { x: 1, properties: { disks: [{ size: 1 }] } });
  assert.deepEqual(pickLike({ a: [1, 2] }, { a: [1] }), { a: [1, 2] }); // another length: all of it
  assert.deepEqual(pickLike({ a: null }, { a: { b: 1 } }), { a: null });
  assert.deepEqual(pickLike({}, { a: 1 }), {});
});

test("values are the same whatever the order of their fields", () => {
  assert.ok(isSame({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }));
  assert.ok(!isSame({ a: 1 }, { a: 1, b: undefined }));
  assert.ok(!isSame([1, 2], [2, 1]));
  assert.ok(!isSame({ 0: 1 }, [1]));
  assert.ok(!isSame(null, {}));
});

test("what the server has after a request", () => {
  assert.deepEqual(stateAfter({ method: "DELETE", path: "/n" }, null), { path: "/n", isGone: true });
  assert.deepEqual(stateAfter({ method: "PUT", path: "/n", body: { x: 1.4 } }, { name: "PC1", x: 1, y: 2 }), { path: "/n", name: "PC1", fields: { x: 1 } });
  assert.deepEqual(stateAfter({ method: "POST", path: "/nodes", body: { node_id: "n", name: "PC{0}" } }, { node_id: "n", name: "PC1", status: "stopped" }),
    { path: "/nodes/n", name: "PC1", fields: { node_id: "n", name: "PC1" } });
  assert.equal(stateAfter({ method: "POST", path: "/nodes/n/files/a", text: "x" }, null), null);
});

import assert from "node:assert/strict";
import test from "node:test";

import { arrange } from "../../../gns3trio/web/arrange/arrange.js";

const PLACES = [{ node_id: "n1", x: 100, y: 0 }, { node_id: "n2", x: 0, y: 200 }];

// A lab of two nodes at 0, 0, and what is sent and made; `way` has all places of the first node.
function tools({ refuses = false } = {}) {
  const objects = new Map([["n1", { x: 0, y: 0 }], ["n2", { x: 0, y: 0 }]]);
  const [sent, made, way] = [[], [], []];
  const lab = {
    path: "/lab", placed: (id) => objects.get(id),
    place: (id, x, y) => {
      objects.set(id, { x, y });
      if (id === "n1") way.push(x);
    },
  };
  const history = { make: async (...change) => {
    if (refuses) throw new Error("no");
    made.push(change);
  } };
  let now = 0;
  const how = {
    post: async (path, body) => {
      sent.push([path, body]);
      return { nodes: PLACES };
    },
    frames: async () => (now += 100),
    still: false,
  };
  return { lab, history, how, objects, sent, made, way };
}

test("an arrangement is one change, which the whole lab can be put back from", async () => {
  const { lab, history, how, sent, made, way } = tools();
  await arrange({ lab, history }, "force", [], how);
  assert.deepEqual(sent, [["/lab/arrange", { layout: "force", dry_run: true }]]);
  const [[text, redo, undo]] = made;
  assert.equal(text, "Arrange the lab");
  assert.deepEqual(redo, [{ method: "PUT", path: "/lab/positions", body: { nodes: PLACES } }]);
  assert.deepEqual(undo[0].body.nodes, [{ node_id: "n1", x: 0, y: 0 }, { node_id: "n2", x: 0, y: 0 }]);
  assert.ok(way.length > 2 && way.every((x, place) => place === 0 || x >= way[place - 1]), `${way}`);
  assert.equal(way.at(-1), 100);
});

test("some nodes alone are arranged", async () => {
  const { lab, history, how, sent, made } = tools();
  await arrange({ lab, history }, "circle", ["n1", "n2"], how);
  assert.deepEqual(sent[0][1], { layout: "circle", dry_run: true, nodes: ["n1", "n2"] });
  assert.equal(made[0][0], "Arrange 2 nodes");
});

test("nothing moves for who wants no motion", async () => {
  const { lab, history, how, way, made } = tools();
  await arrange({ lab, history }, "force", [], { ...how, still: true });
  assert.deepEqual([way, made.length], [[], 1]);
});

test("nodes are back where they were if the server refuses", async () => {
  const { lab, history, how, objects } = tools({ refuses: true });
  await assert.rejects(arrange({ lab, history }, "force", [], how), /no/);
  assert.deepEqual([...objects.values()], [{ x: 0, y: 0 }, { x: 0, y: 0 }]);
});

test("a lab whose nodes are all locked says so", async () => {
  const { lab, history, how } = tools();
  await assert.rejects(arrange({ lab, history }, "force", [], { ...how, post: async () => ({ nodes: [] }) }), /locked nodes stay/);
});

import assert from "node:assert/strict";
import test from "node:test";

import { describeDeletion, objectsWith, whyKept } from "../../../gns3trio/web/edit/deletion.js";

const node = (id, fields = {}) => ({ node_id: id, name: id, status: "stopped", locked: false, ...fields });
const LAB = {
  nodes: new Map([["PC1", node("PC1")], ["PC2", node("PC2", { locked: true })], ["PC3", node("PC3", { locked: true })]]),
  links: new Map([["l1", { link_id: "l1" }], ["l2", { link_id: "l2" }]]),
  drawings: new Map([["d1", { drawing_id: "d1", locked: false }]]),
  linksOfNode: new Map([["PC1", new Set(["l1"])]]),
  placed(id) { return this.nodes.get(id) ?? this.drawings.get(id); },
  nameOf: (id) => id,
};

test("the links of a node are deleted with it, each once", () => {
  const { nodes, links, drawings } = objectsWith(LAB, ["PC1", "l1", "l2", "d1", "gone"]);
  assert.deepEqual(nodes.map(({ name }) => name), ["PC1"]);
  assert.deepEqual(links.map(({ link_id }) => link_id).toSorted(), ["l1", "l2"]);
  assert.deepEqual(drawings.map(({ drawing_id }) => drawing_id), ["d1"]);
});

test("what is locked is not deleted", () => {
  assert.equal(whyKept(LAB, ["PC1", "d1", "l1"]), "");
  assert.equal(whyKept(LAB, ["PC1", "PC2"]), "PC2 is locked. Unlock it first.");
  assert.equal(whyKept(LAB, ["PC2", "PC3"]), "2 objects of these are locked. Unlock them first.");
});

test("the question says what goes along, and what does not come back", () => {
  const none = { nodes: [], links: [], drawings: [], lost: [] };
  assert.deepEqual(describeDeletion({ ...none, drawings: [{}] }, 0), ["Undo brings it back."]);
  assert.deepEqual(describeDeletion({ ...none, links: [{}] }, 1), ["Captures end; their files stay.", "Undo brings it back."]);
  assert.deepEqual(describeDeletion({ ...none, nodes: [node("A", { status: "started" })], links: [{}, {}] }, 0),
    ["2 links of it and the files of the node are deleted, too.", "It runs, and is stopped.", "Captures end; their files stay.", "Undo brings them back."]);
  const some = [node("A", { status: "started" }), node("B", { status: "suspended" }), node("C")];
  assert.equal(describeDeletion({ ...none, nodes: some }, 0)[1], "2 of the nodes run and are stopped.");
  assert.equal(describeDeletion({ ...none, nodes: some.slice(1) }, 0)[1], "1 of the nodes runs and is stopped.");
  const lost = Array.from({ length: 8 }, (_, place) => `the disks of R${place}`);
  const told = describeDeletion({ ...none, nodes: [node("A"), node("B")], lost }, 0);
  assert.equal(told[0], "The files of the nodes are deleted, too.");
  assert.equal(told.at(-1), "Undo brings this back, but not the disks of R0, the disks of R1, the disks of R2, the disks of R3, the disks of R4, the disks of R5 and 2 more.");
});

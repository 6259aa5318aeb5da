import assert from "node:assert/strict";
import test from "node:test";

import { changeNodeLabel, changePortLabel, changedLabel } from "../../../gns3trio/web/edit/label_changes.js";

function tools() {
  const sent = [];
  const history = { change: async (text, changes) => { sent.push([text, ...changes]); return [{}]; } };
  return { sent, history, lab: { path: "/p", apply: () => {} } };
}

test("a field of the style, or of the label", () => {
  assert.match(changedLabel({ x: 1 }, "size", 20).style, /font-size: 20\.0;/);
  assert.deepEqual(changedLabel({ x: 1 }, "rotation", 90), { x: 1, rotation: 90 });
});

test("a node's label without a place is centred", async () => {
  const at = tools();
  await changeNodeLabel(at, "Move", { node_id: "n", label: { text: "PC1", x: null, y: -40, style: null, rotation: 0 } }, { text: "PC1", x: 3, y: 4 });
  const [[, { path, before, fields }]] = at.sent;
  assert.deepEqual([path, before.label, fields.label], ["/p/nodes/n", { text: "PC1", rotation: 0, style: null, x: null }, { text: "PC1", rotation: 0, style: null, x: 3, y: 4 }]);
});

test("the label of one port leaves the other as it is", async () => {
  const at = tools();
  const ends = [{ node_id: "a", adapter_number: 0, port_number: 1, label: { text: "0/1", style: "s" } }, { node_id: "b", adapter_number: 0, port_number: 0, label: { text: "own" } }];
  await changePortLabel(at, "Move", { link_id: "l", nodes: ends }, 0, { text: "e1", style: "s", x: 5, y: 6 });
  const [[, { before, fields }]] = at.sent;
  assert.deepEqual(before.nodes, ends);
  assert.deepEqual(fields.nodes, [{ ...ends[0], label: { text: "e1", rotation: 0, style: "s", x: 5, y: 6 } }, ends[1]]);
});

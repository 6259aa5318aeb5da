import assert from "node:assert/strict";
import test from "node:test";

import { groupsOf, lossesOf, nameBefore, stopTexts, summaryOf, textDifference, valueText } from "../../../gns3trio/web/snapshots/change_texts.js";

const change = (action, kind, name, fields = {}) => ({ action, kind, name, fields, id: null });

test("changes are told by kind, in words", () => {
  const changes = [
    change("update", "link", "PC1:0 - SW1:0", { "filters.delay": { from: null, to: [20, 2] }, suspend: { from: false, to: true } }),
    change("update", "node", "PC1", { x: { from: 1, to: 2 }, y: { from: 1, to: 2 }, "properties.ram": { from: 64, to: 128 } }),
    change("create", "drawing", "note “a”"),
    change("update", "drawing", "rectangle", { svg: { from: "<svg/>", to: "<svg></svg>" } }),
    change("update", "file", "PC1: startup.vpc", { content: { from: "a\nb\n", to: "a\nc\n" } }),
  ];
  assert.deepEqual(groupsOf(changes).map(([title, entries]) => [title, entries.map(({ name, action, lines }) => [name, action, ...lines])]), [
    ["Nodes", [["PC1", "changed", "moved", "ram: 64 → 128"]]],
    ["Links", [["PC1:0 - SW1:0", "changed", "filters, delay: none → 20; 2", "suspension: no → yes"]]],
    ["Drawings", [["note “a”", "added"], ["rectangle", "changed", "its picture, text or style was changed"]]],
    ["Files", [["PC1: startup.vpc", "changed"]]],
  ]);
  assert.deepEqual(groupsOf(changes).at(-1)[1][0].content, [["-", "b"], ["+", "c"]]);
});

test("of texts only the lines that differ", () => {
  assert.deepEqual(textDifference("a\nb\nc", "a\nc"), [["-", "b"]]);
  assert.deepEqual(textDifference("", "a"), [["-", ""], ["+", "a"]]);
  assert.deepEqual(textDifference("same", "same"), []);
  assert.deepEqual(textDifference("a\na", "a\na\na"), [["+", "a"]]);
});

test("values are short", () => {
  assert.equal(valueText([{ type: "loss", direction: "both", rate: 5 }]), "type loss, direction both, rate 5");
  assert.equal(valueText({}), "none");
  assert.equal(valueText([]), "none");
  assert.equal(valueText("x".repeat(500)).length, 81);
  assert.equal(valueText(0), "0");
});

test("a summary counts", () => {
  assert.equal(summaryOf([]), "Nothing differs.");
  assert.equal(summaryOf([change("create", "node", "a"), change("delete", "link", "b"), change("delete", "link", "c")]), "1 object added, 2 objects removed.");
});

test("what a restore takes back is told with names", () => {
  const nodes = Array.from({ length: 7 }, (_, number) => change("create", "node", `PC${number}`));
  assert.deepEqual(lossesOf([...nodes, change("delete", "drawing", "line"), change("update", "project", "lab")]), [
    "7 nodes added since then: will be deleted (PC0, PC1, PC2, PC3, PC4 and 2 more)", "1 drawing removed since then: will be back (line)",
    "The settings of the project are those of the snapshot, except its name.",
  ]);
});

test("the snapshot of the present state has a name that can be a file", () => {
  assert.equal(nameBefore("first", new Date("2026-01-02T03:04:05Z")), "before restoring first, 2026-01-02 03.04.05");
  assert.ok(nameBefore("x".repeat(200), new Date()).length < 120);
});

test("what a snapshot does to nodes that run is told, and what a PC forgets", () => {
  assert.deepEqual(stopTexts([]), []);
  assert.equal(stopTexts([{ node_type: "qemu" }]).length, 1);
  const [stopped, forgotten] = stopTexts([{ node_type: "vpcs" }, { node_type: "qemu" }]);
  assert.match(stopped, /^2 nodes run and are stopped first, .* and started again afterwards\.$/);
  assert.match(forgotten, /only if you typed save there/);
});

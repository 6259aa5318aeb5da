import assert from "node:assert/strict";
import test from "node:test";

import { isMark, isMarkedBy, markOf, parseObjects, writeObjects } from "../../../gns3trio/web/edit/clipboard_format.js";

const node = (id, fields = {}) => ({ body: { node_id: id, name: id, node_type: "vpcs", compute_id: "local", x: 1, y: 2, properties: { a: [1] }, ...fields }, files: [{ name: "startup.vpc", text: "ip\n" }] });
const end = (node_id) => ({ node_id, adapter_number: 0, port_number: 0 });
const link = (...ends) => ({ body: { link_id: "l", nodes: ends.map(end), filters: {}, link_style: {}, suspend: false }, impairments: { impairments: [{ type: "rate" }], seed: null } });
const OBJECTS = { nodes: [node("a"), node("b")], links: [link("a", "b")], drawings: [{ body: { drawing_id: "d", x: 0, y: 0, z: 1, rotation: 0, svg: "<svg/>" } }] };
const scriptOf = (type) => (type === "vpcs" ? "startup.vpc" : null);
const read = (each) => parseObjects(each, scriptOf);
const MARK = markOf("m");
const text = (changes = {}) => JSON.stringify({ ...JSON.parse(writeObjects(OBJECTS, MARK, scriptOf)), ...changes });

test("what is written is read", () => {
  assert.deepEqual(read(writeObjects(OBJECTS, MARK, scriptOf)), OBJECTS);
  const [first, ...others] = OBJECTS.nodes;
  const more = { ...OBJECTS, nodes: [{ ...first, files: [...first.files, { name: "notes.txt", text: "" }] }, ...others] };
  assert.deepEqual(read(writeObjects(more, MARK, scriptOf)), OBJECTS);
});

test("a mark stands for the text that begins with it", () => {
  assert.ok(isMark(MARK));
  assert.ok(!isMark(text()) && !isMark("hello") && !isMark("") && !isMark("[1]"));
  assert.ok(isMarkedBy(writeObjects(OBJECTS, MARK, scriptOf), MARK));
  assert.ok(!isMarkedBy(writeObjects(OBJECTS, markOf("n"), scriptOf), MARK));
});

test("what was not copied from a lab is refused with the reason", () => {
  assert.throws(() => read("  "), /empty/);
  assert.throws(() => read("show ip"), /not copied from a lab/);
  assert.throws(() => read("[1, 2]"), /not copied from a lab/);
  assert.throws(() => read(text({ version: 2 })), /another version/);
  assert.throws(() => read("x".repeat(5_000_001)), /too large/);
  assert.throws(() => read(text({ drawings: Array.from({ length: 2001 }, () => ({ body: {} })) })), /more than 2000 objects/);
});

test("what is damaged is refused with its place", () => {
  const refused = (changes, where) => assert.throws(() => read(text(changes)), (error) => error.message.endsWith(`damaged at ${where}.`));
  refused({ nodes: {} }, "nodes");
  refused({ nodes: [1] }, "nodes");
  refused({ nodes: [{}] }, "nodes[0]");
  refused({ nodes: [node("a", { x: "1" })], links: [] }, "nodes[0].x");
  refused({ nodes: [node("a", { x: 1.5 })], links: [] }, "nodes[0].x");
  refused({ nodes: [node("a", { properties: [] })], links: [] }, "nodes[0].properties");
  refused({ nodes: [{ ...node("a"), files: "x" }], links: [] }, "files");
  refused({ nodes: [{ ...node("a"), files: [{ name: "../../x", text: "" }] }], links: [] }, "nodes[0].files");
  refused({ nodes: [{ ...node("a"), files: [{ name: "other.txt", text: "" }] }], links: [] }, "nodes[0].files");
  refused({ links: [link("a", "x")] }, "links[0].nodes");
  refused({ links: [link("a")] }, "links[0].nodes");
  refused({ links: [{ body: { link_id: "l", nodes: 5 } }] }, "links[0].nodes");
  refused({ drawings: [{ body: { drawing_id: "d", x: 0, y: 0, svg: 5 } }] }, "drawings[0].svg");
});

test("fields that the page does not write are left out", () => {
  const hostile = JSON.stringify({ ...JSON.parse(text()), nodes: [node("a", { project_id: "p", status: "started", node_directory: "/etc", locked: true, console: 22 }), node("b")] })
    .replace('"x":1', '"x":1,"__proto__":{"z":7}');
  const [{ body }] = read(hostile).nodes;
  assert.deepEqual(Object.keys(body).toSorted(), ["compute_id", "name", "node_id", "node_type", "properties", "x", "y"]);
  assert.equal(body.z, undefined);
});

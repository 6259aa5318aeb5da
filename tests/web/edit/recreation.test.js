import assert from "node:assert/strict";
import test from "node:test";

import { creationOf, deletionOf, readObjects } from "../../../gns3trio/web/edit/recreation.js";

const TYPES = new Map([
  ["vpcs", { engines: ["vpcs", "builtin"], image_property: null }],
  ["qemu", { engines: [], image_property: "hda_disk_image" }],
]);
const LAB = { path: "/v2/projects/p", types: TYPES, impairments: new Map([["l1", { link_id: "l1", impairments: [{ type: "rate" }], seed: 1 }]]) };
const pc = (id, name) => ({ node_id: id, name, node_type: "vpcs", compute_id: "local", x: 1, y: 2, properties: { a: 1 }, status: "started", ports: [{}], console_host: "::", project_id: "p", node_directory: "/x", command_line: "" });
const LINK = { link_id: "l1", nodes: [{ node_id: "n1", adapter_number: 0, port_number: 0, label: { text: "e0" } }, { node_id: "n2", adapter_number: 0, port_number: 1 }], filters: { delay: [10, 0] }, link_style: { color: "red" }, suspend: true, capturing: true };
const DRAWING = { drawing_id: "d1", x: 1, y: 2, z: 3, locked: false, rotation: 4, svg: "<svg/>", project_id: "p" };

const listOf = (sizes) => ({ files: Object.entries(sizes).map(([path, size]) => ({ path, size })), is_whole: true });

// What the server answers by path; an Error is thrown as a refusal.
function answering(t, answers) {
  t.mock.method(globalThis, "fetch", async (path) => {
    const answer = answers[path.replace(/^.*\/v2\/projects\/p/, "")];
    if (answer === undefined) return Response.json({ message: "not there" }, { status: 404 });
    if (answer instanceof Error) throw answer;
    return typeof answer === "string" ? new Response(answer) : Response.json(answer);
  });
}

test("what is read creates the objects again, and links after their nodes", async (t) => {
  answering(t, {
    "/nodes/n1/engine": { engine: "builtin", is_default: false }, "/nodes/n1/files": listOf({ "startup.vpc": 12, "my notes/a.txt": 2 }),
    "/nodes/n1/files/startup.vpc": "ip 10.0.0.1\n", "/nodes/n1/files/my%20notes/a.txt": "a\n",
    "/nodes/n2/engine": { engine: "vpcs", is_default: true }, "/nodes/n2/files": listOf({}),
  });
  const objects = await readObjects(LAB, { nodes: [pc("n1", "PC1"), pc("n2", "PC2")], links: [LINK], drawings: [DRAWING] });
  assert.deepEqual(objects.lost, []);
  const requests = creationOf(LAB, objects);
  assert.deepEqual(requests.map(({ method, path }) => `${method} ${path.slice(LAB.path.length)}`),
    ["POST /nodes", "POST /nodes", "POST /nodes/n1/files/startup.vpc", "POST /nodes/n1/files/my%20notes/a.txt", "POST /links", "PUT /links/l1/impairments", "POST /drawings"]);
  assert.deepEqual(requests[0].body, { node_id: "n1", name: "PC1", node_type: "vpcs", compute_id: "local", x: 1, y: 2, properties: { a: 1 }, engine: "builtin" });
  assert.equal(requests[1].body.engine, undefined);
  assert.equal(requests[2].text, "ip 10.0.0.1\n");
  assert.deepEqual(requests[5].body, { impairments: [{ type: "rate" }], seed: 1 });
  const linkBody = Object.fromEntries(Object.entries(LINK).filter(([name]) => name !== "capturing"));
  assert.deepEqual(requests[4].body, linkBody);
  assert.deepEqual(requests[6].body, { drawing_id: "d1", x: 1, y: 2, z: 3, locked: false, rotation: 4, svg: "<svg/>" });
});

test("they are deleted without the links that go with a node", async (t) => {
  answering(t, {});
  const objects = await readObjects(LAB, { nodes: [pc("n1", "PC1")], links: [LINK, { ...LINK, link_id: "l2", nodes: [] }], drawings: [DRAWING] });
  assert.deepEqual(deletionOf(LAB, objects).map(({ path }) => path.slice(LAB.path.length)), ["/drawings/d1", "/links/l2", "/nodes/n1"]);
});

test("what cannot be created again is named", async (t) => {
  answering(t, { "/nodes/n1/files": listOf({ "startup.vpc": 100_001 }), "/nodes/n2/files": listOf({ "startup.vpc": 3 }), "/nodes/n2/files/startup.vpc": "\uFFFD" });
  const machine = { ...pc("n3", "R1"), node_type: "qemu" };
  const unknown = { ...pc("n4", "X"), node_type: "of a later server" };
  const { nodes, lost } = await readObjects(LAB, { nodes: [pc("n1", "PC1"), pc("n2", "PC2"), machine, unknown], links: [], drawings: [] });
  assert.deepEqual(lost.toSorted(), ["the disks and files of R1", "the disks and files of X", "startup.vpc of PC1", "startup.vpc of PC2"].toSorted());
  assert.ok(nodes.every(({ files }) => files.length === 0));
});

test("of very many nodes, only what the page knows is kept", async (t) => {
  t.mock.method(globalThis, "fetch", () => assert.fail("nothing is asked for"));
  const many = Array.from({ length: 501 }, (_, place) => pc(`n${place}`, `PC${place}`));
  const { nodes, lost } = await readObjects(LAB, { nodes: many, links: [], drawings: [] });
  assert.deepEqual([nodes.length, nodes[7].body.name, lost], [501, "PC7", ["the files and engines of 501 nodes"]]);
});

test("if the server does not answer, nothing is taken for read", async (t) => {
  answering(t, { "/nodes/n1/engine": new Error("network") });
  await assert.rejects(readObjects(LAB, { nodes: [pc("n1", "PC1")], links: [], drawings: [] }), /does not answer/);
});

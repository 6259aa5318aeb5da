import assert from "node:assert/strict";
import test from "node:test";

import { Lab } from "../../gns3trio/web/lab.js";

const port = (number) => ({ adapter_number: 0, port_number: number, short_name: `e${number}` });
const node = (id, name = id) => ({ node_id: id, name, x: 0, y: 0, ports: [port(0), port(1)] });
const link = (id, ...ends) => ({ link_id: id, nodes: ends.map(([node_id, port_number]) => ({ node_id, adapter_number: 0, port_number })) });

const TYPES = [
  { node_type: "vpcs", title: "VPCS", abilities: ["ping"] },
  { node_type: "ethernet_hub", title: "Ethernet hub", abilities: [] },
];
const TEMPLATES = [{ template_id: "t1", name: "VPCS", builtin: true }, { template_id: "t2", name: "Desk", builtin: false }];
const DESCRIBED = { node_types: TYPES, impairment_types: [{ type: "rate", parameters: [] }], templates: TEMPLATES };
const STATE = {
  "": { name: "lab", status: "opened" },
  "/nodes": [node("n1", "PC1"), node("n2", "PC2"), node("n3", "SW")],
  "/links": [link("l1", ["n1", 0], ["n2", 0])],
  "/drawings": [{ drawing_id: "d1", svg: "<svg/>" }],
  "/impairments": [{ link_id: "l1", impairments: [{ type: "rate", direction: "both" }], seed: null }],
  "/problems": { nodes: [{ node_id: "n3", message: "no device" }], links: [{ link_id: "l1", message: "no port" }] },
};

// A lab that has read its state, with a view that notes what has changed. `draw` is what a browser does with the next frame.
async function openLab(t, id = "p") {
  t.mock.timers.enable({ apis: ["setInterval", "Date"] });
  const frames = [];
  globalThis.requestAnimationFrame = (draw) => frames.push(draw);
  t.mock.method(globalThis, "fetch", async (path) =>
    Response.json(DESCRIBED[path.replace(/^.*\/v2\//, "")] ?? STATE[path.replace(/^.*projects\/./, "")]));
  const lab = new Lab(id);
  const view = { resets: 0, updates: [], reset() { this.resets += 1; }, update(changed) { this.updates.push([...changed].toSorted()); } };
  lab.views.add(view);
  await lab.load();
  return { lab, view, draw: () => frames.splice(0).forEach((each) => each()) };
}

test("a lab is read whole, and its views draw it anew", async (t) => {
  const { lab, view } = await openLab(t);
  assert.deepEqual([...lab.nodes.keys()], ["n1", "n2", "n3"]);
  assert.deepEqual([...lab.drawings.keys()], ["d1"]);
  assert.deepEqual([...lab.problems], [["n3", "no device"], ["l1", "no port"]]);
  assert.equal(lab.project.name, "lab");
  assert.deepEqual([...lab.templates.keys()], ["t2"]); // those of the server are the types
  assert.equal(view.resets, 1);
});

test("what changes in one frame is drawn at once; a node takes its links along", async (t) => {
  const { lab, view, draw } = await openLab(t);
  lab.apply("node.updated", { ...node("n1", "PC1"), x: 5 });
  lab.apply("drawing.updated", { drawing_id: "d1", svg: "" });
  assert.deepEqual(view.updates, []);
  draw();
  assert.deepEqual(view.updates, [["d1", "l1", "n1"]]);
  lab.apply("node.updated", node("n3"));
  draw();
  assert.deepEqual(view.updates[1], ["n3"]);
});

test("an event adds to what is known", async (t) => {
  const { lab } = await openLab(t);
  lab.apply("link.updated", { ...link("l1", ["n1", 0], ["n2", 0]), suspend: true });
  lab.apply("link.updated", { ...link("l1", ["n1", 0], ["n2", 0]), capturing: true });
  assert.equal(lab.links.get("l1").suspend, true);
  assert.equal(lab.links.get("l1").capturing, true);
});

test("things are created and deleted", async (t) => {
  const { lab } = await openLab(t);
  lab.apply("node.created", node("n4"));
  assert.ok(lab.nodes.has("n4"));
  lab.apply("node.deleted", node("n4"));
  assert.ok(!lab.nodes.has("n4"));
  lab.apply("link.deleted", link("l1", ["n1", 0], ["n2", 0]));
  assert.ok(!lab.links.has("l1"));
  assert.ok(!lab.problems.has("l1"));
  assert.equal(lab.linksOfNode.get("n1").size, 0);
});

test("unknown events change nothing", async (t) => {
  const { lab, view, draw } = await openLab(t);
  for (const action of ["node.console", "compute.updated", "ping", "link.hasOwnProperty", "toString.created"]) lab.apply(action, { node_id: "n1" });
  draw();
  assert.deepEqual(view.updates, []);
});

test("a link that moves leaves its old node; what lies beside it is drawn again", async (t) => {
  const { lab, view, draw } = await openLab(t);
  lab.apply("link.created", link("l2", ["n1", 1], ["n2", 1]));
  draw();
  lab.apply("link.updated", link("l1", ["n1", 0], ["n3", 0]));
  draw();
  assert.deepEqual(view.updates.at(-1), ["l1", "l2"]);
  assert.deepEqual([...lab.linksOfNode.get("n2")], ["l2"]);
  assert.deepEqual([...lab.linksOfNode.get("n3")], ["l1"]);
});

test("ports with a link are not free", async (t) => {
  const { lab } = await openLab(t);
  assert.deepEqual(lab.freePorts(lab.nodes.get("n1")).map((each) => each.short_name), ["e1"]);
  assert.deepEqual(lab.freePorts(lab.nodes.get("n3")).map((each) => each.short_name), ["e0", "e1"]);
  lab.apply("link.created", link("loop", ["n3", 0], ["n3", 1]));
  assert.deepEqual(lab.freePorts(lab.nodes.get("n3")), []);
  assert.deepEqual([...lab.linksByPort("n3").keys()], ["0/0", "0/1"]);
});

test("links are named by nodes and ports, known or not", async (t) => {
  const { lab } = await openLab(t);
  assert.equal(lab.linkName(link("x", ["n1", 1], ["gone", 7])), "PC1 e1 – ? 0/7");
});

test("a node that is placed has whole pixels, and its links follow", async (t) => {
  const { lab, view, draw } = await openLab(t);
  lab.place("n2", 10.4, -3.6);
  draw();
  assert.deepEqual([lab.nodes.get("n2").x, lab.nodes.get("n2").y, lab.nodes.get("n2").name], [10, -4, "PC2"]);
  lab.place("d1", 1, 2);
  draw();
  assert.deepEqual([lab.placed("d1").x, lab.placed("d1").svg], [1, "<svg/>"]);
  assert.deepEqual(view.updates, [["l1", "n2"], ["d1"]]);
});

test("objects have a kind, a path and a name in a sentence", async (t) => {
  const { lab } = await openLab(t);
  assert.deepEqual(["n1", "l1", "d1", "x"].map((id) => lab.kindOf(id)), ["node", "link", "drawing", null]);
  assert.deepEqual(["n1", "l1", "x"].map((id) => lab.pathOf(id)), ["/v2/projects/p/nodes/n1", "/v2/projects/p/links/l1", null]);
  assert.equal(lab.nameOf("l1"), "the link PC1 e0 – PC2 e0");
});

test("statistics of a link are its traffic, until it is silent", async (t) => {
  const { lab, view, draw } = await openLab(t);
  const way = (bits) => ({ bits_per_second: bits, frames: 1, bytes: 64, drops: {} });
  lab.apply("link.stats", { link_id: "l1", interval: 1, a_to_b: way(30), b_to_a: way(12) });
  assert.deepEqual(lab.rate("l1"), { bits: 42, lost: 0 });
  assert.deepEqual(lab.rate("none"), { bits: 0, lost: 0 });
  draw();
  t.mock.timers.tick(4000);
  assert.deepEqual(lab.rate("l1"), { bits: 0, lost: 0 });
  draw();
  assert.deepEqual(view.updates, [["l1"], ["l1"]]);
});

test("problems of a link come and go", async (t) => {
  const { lab, view, draw } = await openLab(t);
  lab.apply("link.problem", { link_id: "l1", message: "" });
  draw();
  assert.deepEqual(view.updates, [["l1"]]);
  assert.ok(!lab.problems.has("l1"));
  lab.apply("link.problem", { link_id: "l1", message: "the device is gone" });
  assert.equal(lab.problems.get("l1"), "the device is gone");
});

test("each listener of a kind is told, until it ends that itself", async (t) => {
  const { lab } = await openLab(t);
  const heard = [];
  const stopFirst = lab.on("benchmark", (event) => heard.push(["first", event.progress]));
  lab.on("benchmark", (event) => heard.push(["second", event.progress]));
  lab.apply("link.benchmark", { progress: 0.5 });
  stopFirst();
  lab.apply("link.benchmark", { progress: 1 });
  assert.deepEqual(heard, [["first", 0.5], ["second", 0.5], ["second", 1]]);
});

test("the project, snapshots and the log are told of", async (t) => {
  const { lab } = await openLab(t);
  const heard = [];
  for (const kind of ["project", "replaced", "log"]) lab.on(kind, (...what) => heard.push([kind, ...what]));
  lab.apply("project.closed", { name: "lab", status: "closed" });
  lab.apply("snapshot.restored", {});
  lab.apply("log.warning", { message: "look" });
  assert.deepEqual(heard, [["project", "closed"], ["replaced"], ["log", "look", "warning"]]);
  assert.equal(lab.project.status, "closed");
});

test("what can be done with a node is what its type says", async (t) => {
  const { lab } = await openLab(t);
  assert.deepEqual([...lab.types.keys()], ["vpcs", "ethernet_hub"]);
  assert.deepEqual(lab.impairmentTypes, [{ type: "rate", parameters: [] }]);
  assert.ok(lab.can({ node_type: "vpcs" }, "ping"));
  assert.ok(!lab.can({ node_type: "vpcs" }, "mac_table"));
  assert.ok(!lab.can({ node_type: "ethernet_hub" }, "ping"));
  assert.ok(!lab.can({ node_type: "of a later server" }, "ping"));
});

test("a mesh that goes on in the project does not replace the project", async (t) => {
  const { lab } = await openLab(t);
  const heard = [];
  for (const kind of ["project", "mesh", "traffic"]) lab.on(kind, (event) => heard.push([kind, event.progress]));
  lab.apply("project.mesh", { project_id: "p", progress: 0.5 });
  lab.apply("node.traffic", { node_id: "n1", progress: 0.25 });
  lab.apply("project.unknown", { project_id: "p" });
  assert.deepEqual(heard, [["mesh", 0.5], ["traffic", 0.25]]);
  assert.equal(lab.project.name, "lab");
  assert.equal(lab.nodes.get("n1").progress, undefined);
});

test("the problems of nodes are read again when one of them changes, and when a host does", async (t) => {
  const { lab } = await openLab(t, "q");
  let asked = 0; // by this lab, and not by one of an earlier test
  t.mock.method(globalThis, "fetch", async (path) => {
    asked += path.endsWith("/q/problems") ? 1 : 0;
    return Response.json({ file: [], links: [], nodes: [{ node_id: "n2", name: "PC2", message: "away" }] });
  });
  const until = async (is) => { while (!is()) await new Promise((done) => { setTimeout(done, 10); }); };
  lab.apply("node.updated", node("n1", "PC1")); // had none
  assert.equal(lab.problemsTimer ?? null, null);
  lab.apply("node.updated", node("n3", "SW"));
  lab.apply("node.updated", node("n3", "SW"));
  await until(() => lab.problems.has("n2"));
  assert.equal(asked, 1);
  assert.deepEqual([...lab.problems], [["l1", "no port"], ["n2", "away"]]); // those of links are told by events
  assert.equal(lab.stateOf(lab.nodes.get("n2")), "not run here");
  for (const connected of [true, false]) lab.hosts.apply("compute.updated", { compute_id: "far", connected, capabilities: { node_types: [] } });
  assert.equal(lab.stateOf({ ...node("n1"), compute_id: "far", status: "started" }), "away");
  await until(() => asked === 2);
});

test("what is set on a link is known, and changes by events", async (t) => {
  const { lab, view, draw } = await openLab(t);
  const textsOf = () => lab.conditionsOf(lab.links.get("l1")).map(({ text }) => text);
  assert.deepEqual(textsOf(), ["rate"]);
  lab.apply("link.updated", { ...lab.links.get("l1"), filters: { packet_loss: [5] } });
  lab.apply("link.impairments", { link_id: "l1", project_id: "p", impairments: [], seed: null });
  draw();
  assert.deepEqual(view.updates.at(-1), ["l1"]);
  assert.deepEqual(textsOf(), ["loss"]);
  lab.apply("link.deleted", lab.links.get("l1"));
  assert.equal(lab.impairments.size, 0);
});

test("the links that carry traffic are known, until they are idle", async (t) => {
  const { lab } = await openLab(t);
  const way = (bits_per_second) => ({ bits_per_second, drops: {} });
  lab.apply("link.stats", { link_id: "l1", interval: 1, a_to_b: way(10), b_to_a: way(0) });
  assert.deepEqual([[...lab.busy], lab.bitsOfWays("l1"), lab.bitsOfWays("l2")], [["l1"], [10, 0], [0, 0]]);
  t.mock.timers.tick(5000);
  assert.deepEqual([[...lab.busy], lab.bitsOfWays("l1")], [[], [0, 0]]);
});

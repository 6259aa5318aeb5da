import assert from "node:assert/strict";
import test from "node:test";

import { LabIndex, sortKey } from "../../../gns3trio/web/panels/lab_index.js";

const node = (name, fields = {}) => ({ node_id: `node ${name}`, name, node_type: "vpcs", status: "started", ...fields });
const link = (name, fields = {}) => ({ link_id: `link ${name}`, name, nodes: [], ...fields });

function labOf(nodes, links = []) {
  return {
    nodes: new Map(nodes.map((each) => [each.node_id, each])),
    links: new Map(links.map((each) => [each.link_id, each])),
    problems: new Map(),
    impairments: new Map(),
    conditionsOf: ({ conditions = [] }) => conditions.map((text) => ({ text })),
    hosts: { wordsOf: ({ host }) => host ?? "" },
    stateOf({ node_id, status }) {
      return this.problems.has(node_id) ? "not run here" : status;
    },
    types: new Map([["vpcs", { title: "Virtual PC" }]]),
    linkName: ({ name }) => name,
  };
}

function indexOf(...things) {
  const index = new LabIndex(labOf(...things));
  index.refresh();
  return index;
}

const find = (nodes, links, text) =>
  indexOf(nodes.map((name) => node(name)), links.map((name) => link(name))).find(text).map(({ name }) => name);

test("everything is found without a text: nodes before links, in the order of their numbers", () => {
  assert.deepEqual(find(["PC10", "PC2", "Hub"], ["PC2 e0 – Hub e0"], ""), ["Hub", "PC2", "PC10", "PC2 e0 – Hub e0"]);
});

test("a node is found by its host, also by another one that it has later", () => {
  const lab = labOf([node("PC1", { host: "attic" }), node("PC2")]);
  const index = new LabIndex(lab);
  index.refresh();
  assert.deepEqual(index.find("attic").map(({ name }) => name), ["PC1"]);
  lab.hosts.wordsOf = () => "cellar away";
  index.refresh();
  assert.deepEqual(index.find("attic"), []);
  assert.deepEqual(index.find("pc1 cellar away").map(({ name }) => name), ["PC1"]);
});

test("what has the text in its name is found, in letters of any size", () => {
  assert.deepEqual(find(["Switch1", "PC1"], ["PC1 e0 – Switch1 e0"], " SWI"), ["Switch1", "PC1 e0 – Switch1 e0"]);
  assert.deepEqual(find(["PC1"], [], "nothing"), []);
});

test("the name comes before what begins with it, and that before the rest", () => {
  assert.deepEqual(find(["MyPC1", "PC10", "PC1"], ["A – PC1", "PC1 e0 – A"], "pc1"), ["PC1", "PC10", "PC1 e0 – A", "MyPC1", "A – PC1"]);
});

test("of the same name a node comes first, and a link of that name before a node that begins with it", () => {
  const ids = indexOf([node("PC10"), node("PC1")], [link("PC1")]).find("pc1").map(({ id }) => id);
  assert.deepEqual(ids, ["node PC1", "link PC1", "node PC10"]);
});

test("all words are found, each in the name, the type, the status or the console", () => {
  const index = indexOf([
    node("PC1", { status: "stopped", console: 5001, console_type: "telnet", console_host: "10.0.0.9" }),
    node("PC2", { console: 5002, console_type: "telnet", console_host: "10.0.0.9" }),
    node("SW1", { node_type: "ethernet_switch", console: 5003, console_type: "none" }),
  ], [link("PC1 – SW1", { suspend: true }), link("PC2 – SW1")]);
  const names = (text) => index.find(text).map(({ name }) => name);
  assert.deepEqual(names("stopped"), ["PC1"]);
  assert.deepEqual(names("virtual started"), ["PC2"]);
  assert.deepEqual(names("switch"), ["SW1"]);
  assert.deepEqual(names("10.0.0.9:5002"), ["PC2"]);
  assert.deepEqual(names("5003"), []);
  assert.deepEqual(names("suspended pc"), ["PC1 – SW1"]);
  assert.deepEqual(names("pc telnet"), ["PC1", "PC2"]);
});

test("a name comes before another word, whatever the order of the names", () => {
  const index = indexOf([node("A", { status: "stopped" }), node("Z stopped"), node("stopped")]);
  assert.deepEqual(index.find("stopped").map(({ name }) => name), ["stopped", "Z stopped", "A"]);
});

test("only some are looked for", () => {
  const index = indexOf([node("PC1"), node("PC2")]);
  assert.deepEqual(index.find("pc", new Set(["node PC2"])).map(({ name }) => name), ["PC2"]);
});

test("changes are taken over: states, names, new objects and deleted ones", () => {
  const lab = labOf([node("PC1"), node("PC2")], [link("PC1 – PC2")]);
  const index = new LabIndex(lab);
  const names = (text) => {
    index.refresh();
    return index.find(text).map(({ name }) => name);
  };
  assert.deepEqual(names("stopped"), []);
  lab.nodes.set("node PC1", node("PC1", { status: "stopped" }));
  assert.deepEqual(names("stopped"), ["PC1"]);
  lab.nodes.set("node PC1", { ...node("Zebra"), node_id: "node PC1" });
  assert.deepEqual(names(""), ["PC2", "Zebra", "PC1 – PC2"]);
  lab.nodes.delete("node PC2");
  lab.nodes.set("node A", node("A")); // as many as before
  assert.deepEqual(names(""), ["A", "Zebra", "PC1 – PC2"]);
  lab.problems.set("node A", "it has no device");
  assert.deepEqual(names("not run"), ["A"]);
});

test("a link is found by the new name of its node", () => {
  const lab = labOf([node("PC1"), node("PC2")], [link("l", { nodes: [{ node_id: "node PC1" }, { node_id: "node PC2" }] })]);
  lab.linkName = ({ nodes }) => nodes.map(({ node_id }) => lab.nodes.get(node_id).name).join(" – ");
  const index = new LabIndex(lab);
  index.refresh();
  lab.nodes.set("node PC2", { ...node("Router"), node_id: "node PC2" });
  index.refresh();
  assert.deepEqual(index.find("router").map(({ name }) => name), ["Router", "PC1 – Router"]);
});

test("names are in the order in which people look for them", () => {
  const names = ["PC010", "PC9", "é2", "pc11", "PC100", "e1", "f", "PC10 b2", "PC10 b10", "12345678901234567890"];
  assert.deepEqual(names.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)),
    ["12345678901234567890", "e1", "é2", "f", "PC9", "PC010", "PC10 b2", "PC10 b10", "pc11", "PC100"]);
});

test("changes are taken over in steps, and meanwhile the index is what it was", () => {
  const lab = labOf(Array.from({ length: 1000 }, (_, number) => node(`PC${number}`)));
  const index = new LabIndex(lab);
  let steps = 1;
  while (!index.refresh(0)) {
    steps += 1;
    assert.deepEqual(index.find(""), []);
  }
  assert.ok(steps > 5);
  assert.equal(index.find("").length, 1000);
  lab.nodes.set("node Zed", node("Zed"));
  assert.ok(!index.refresh(0));
  assert.deepEqual(index.find("zed"), []);
  assert.ok(index.refresh());
  assert.deepEqual(index.find("zed").map(({ name }) => name), ["Zed"]);
});

test("ten thousand nodes and links are found", () => {
  const numbers = Array.from({ length: 10_000 }, (_, number) => number);
  const index = indexOf(numbers.map((number) => node(`PC${number}`)), numbers.map((number) => link(`PC${number} e0 – SW`)));
  assert.equal(index.find("").length, 20_000);
  assert.deepEqual(index.find("pc9999").map(({ name }) => name), ["PC9999", "PC9999 e0 – SW"]);
});

test("a link is found by what is set on it, also by what is set later", () => {
  const lab = labOf([], [link("PC1 – SW1", { conditions: ["loss 5 %"] }), link("PC2 – SW1")]);
  const index = new LabIndex(lab);
  index.refresh();
  assert.deepEqual(index.find("loss").map(({ name, conditions }) => [name, conditions]), [["PC1 – SW1", ["loss 5 %"]]]);
  lab.conditionsOf = () => [{ text: "rate 64 kbit/s" }];
  lab.impairments.set("link PC2 – SW1", {});
  index.refresh();
  assert.deepEqual(index.find("64 kbit/s").map(({ name }) => name), ["PC2 – SW1"]);
});

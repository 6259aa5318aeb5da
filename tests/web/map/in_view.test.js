import assert from "node:assert/strict";
import test from "node:test";

import { groupLab } from "../../../gns3trio/web/map/grouping.js";
import { boxInView, crosses, groupsInView, linksInView, nodesInView } from "../../../gns3trio/web/map/in_view.js";

const BOX = [0, 0, 1000, 1000];
const node = (node_id, x, y) => ({ node_id, x: x - 30, y: y - 20, width: 60, height: 40, status: "stopped" });
const link = (link_id, ...ends) => ({ link_id, nodes: ends.map((node_id) => ({ node_id })) });
const labOf = (nodes, links) => ({
  nodes: new Map(nodes.map((each) => [each.node_id, each])),
  links: new Map(links.map((each) => [each.link_id, each])),
  hosts: { isShown: () => true },
  problems: new Map(),
  rate: () => ({ bits: 0 }),
});

test("a window shows a box of the lab, and a margin", () => {
  assert.deepEqual(boxInView({ x: 100, y: -50, scale: 0.5 }, [800, 600], 0), [-200, 100, 1400, 1300]);
  assert.deepEqual(boxInView({ x: 0, y: 0, scale: 2 }, [800, 600], 100), [-50, -50, 450, 350]);
});

test("lines cross a box or pass it", () => {
  for (const [a, b] of [[[-10, 500], [1010, 500]], [[500, 500], [600, 600]], [[-100, 300], [300, -100]], [[500, 500], [9000, 9000]], [[0, -10], [0, 20]]]) {
    assert.ok(crosses(a, b, BOX) && crosses(b, a, BOX), `${a} to ${b}`);
  }
  for (const [a, b] of [[[-10, -10], [-10, 2000]], [[-400, 300], [300, -400]], [[1001, 0], [2000, 2000]], [[500, 1700], [1700, 500]]]) {
    assert.ok(!crosses(a, b, BOX) && !crosses(b, a, BOX), `${a} to ${b}`);
  }
});

test("nodes are in view that are there by a part", () => {
  const nodes = [node("in", 500, 500), node("edge", -20, 500), node("out", -40, 500), node("below", 500, 1030)];
  assert.deepEqual(nodesInView(nodes, BOX).map(({ node_id }) => node_id), ["in", "edge"]);
});

test("too many nodes in view are not listed", () => {
  const nodes = Array.from({ length: 11 }, (_, number) => node(`n${number}`, 500, 500));
  assert.equal(nodesInView(nodes, BOX, 10), null);
  assert.equal(nodesInView(nodes.slice(1), BOX, 10).length, 10);
  assert.equal(nodesInView([...nodes.slice(1), node("out", 5000, 0)], BOX, 10).length, 10);
});

test("links with ends in view come first, and those that have no shape are one path", () => {
  const nodes = [node("west", -500, 500), node("east", 1500, 500), node("a", 200, 200), node("b", 300, 300), node("north", 0, -2000)];
  const links = [link("across", "west", "east"), link("half", "a", "east"), link("whole", "a", "b"), link("none", "north", "west"), link("end", "a"), link("gone", "a", "x")];
  const lab = labOf(nodes, links);
  assert.deepEqual(linksInView(lab, BOX), { links: ["whole", "half", "across"], rest: "" });
  assert.deepEqual(linksInView(lab, BOX, 1), { links: ["whole"], rest: "M200 200L1500 500M-500 500L1500 500" });
});

test("groups in view are shown; a group of one node is that node, and a link between two such groups that link", () => {
  const nodes = [node("a", 100, 100), node("b", 110, 110), node("c", 500, 100), node("d", 900, 100), node("far", 5000, 100)];
  const links = [link("ac", "a", "c"), link("bc", "b", "c"), link("cd", "c", "d"), link("d far", "d", "far")];
  const shown = groupsInView(groupLab(labOf(nodes, links), 200), BOX);
  assert.deepEqual(shown.groups.map(({ nodes: members }) => members.length), [2]);
  assert.deepEqual(shown.nodes.map(({ node_id }) => node_id), ["c", "d"]);
  assert.deepEqual(shown.links, ["cd", "d far"]);
  assert.deepEqual(shown.bundles.map(({ count }) => count), [2]);
  assert.equal(shown.rest, "");
});

test("the thickest bundles have lines of their own, and the others are one path", () => {
  const nodes = [node("a", 100, 100), node("b", 110, 110), node("c", 500, 100), node("d", 900, 100), node("e", 920, 100)];
  const links = [link("ad", "a", "d"), link("ac", "a", "c"), link("bc", "b", "c")];
  const shown = groupsInView(groupLab(labOf(nodes, links), 200), BOX, 1);
  assert.deepEqual(shown.bundles.map(({ count }) => count), [2]);
  assert.equal(shown.rest, "M105 105L910 100");
});

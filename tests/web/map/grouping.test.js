import assert from "node:assert/strict";
import test from "node:test";

import { cellSize, groupLab } from "../../../gns3trio/web/map/grouping.js";

const SIZE = 1000;
const node = (node_id, x, y, status = "stopped") => ({ node_id, x: x - 30, y: y - 20, width: 60, height: 40, status });
const link = (link_id, ...ends) => ({ link_id, nodes: ends.map((node_id) => ({ node_id })) });

function labOf(nodes, links = [], { problems = [], busy = [], hidden = [] } = {}) {
  return {
    hosts: { of: () => null, isShown: ({ node_id }) => !hidden.includes(node_id) },
    nodes: new Map(nodes.map((each) => [each.node_id, each])),
    links: new Map(links.map((each) => [each.link_id, each])),
    problems: new Map(problems.map((id) => [id, "why"])),
    rate: (id) => ({ bits: busy.includes(id) ? 1 : 0 }),
  };
}

const group = (...lab) => {
  const { groups, bundles } = groupLab(labOf(...lab), SIZE);
  return { groups: [...groups.values()], bundles };
};
const ids = ({ nodes }) => nodes.map(({ node_id }) => node_id);

test("nodes near each other are one group, in the middle of them, wherever they are", () => {
  const { groups } = group([node("a", 100, 100), node("b", -100, 100), node("c", 300, 500), node("d", -1_000_100, -2000)]);
  assert.deepEqual(groups.map(ids), [["a", "c"], ["b"], ["d"]]);
  assert.deepEqual([groups[0].x, groups[0].y], [200, 300]);
});

test("a group says how many of its nodes run, and how many do not run here", () => {
  const [one] = group([node("a", 1, 1, "started"), node("b", 2, 2), node("c", 3, 3, "started")], [], { problems: ["b"] }).groups;
  assert.deepEqual([one.nodes.length, one.started, one.kept], [3, 2, 1]);
});

test("a group says how many of its nodes are on the host that is shown", () => {
  const nodes = [node("a", 1, 1), node("b", 2, 2), node("c", 3, 3)];
  assert.deepEqual(group(nodes, [], { hidden: ["a", "c"] }).groups.map(({ shown }) => shown), [1]);
});

test("links between two groups are one bundle, whichever end comes first", () => {
  const nodes = [node("a", 1, 1), node("b", 2, 2), node("c", 1500, 1), node("d", 1600, 1), node("e", 1, 1500)];
  const links = [link("ac", "a", "c"), link("db", "d", "b"), link("ab", "a", "b"), link("ea", "e", "a")];
  const { bundles } = group(nodes, links);
  assert.deepEqual(bundles.map(({ from, to, count, link: only }) => [ids(from), ids(to), count, only]),
    [[["a", "b"], ["c", "d"], 2, null], [["a", "b"], ["e"], 1, "ea"]]);
});

test("a bundle is busy or broken if one of its links is", () => {
  const nodes = [node("a", 1, 1), node("b", 1500, 1), node("c", 1, 1500)];
  const links = [link("1", "a", "b"), link("2", "a", "b"), link("3", "a", "c")];
  const [two, one] = group(nodes, links, { busy: ["2"], problems: ["1"] }).bundles;
  assert.deepEqual([two.busy, two.broken, one.busy, one.broken], [true, true, false, false]);
});

test("links without two known ends are in no bundle", () => {
  const { bundles } = group([node("a", 1, 1), node("b", 1500, 1)], [link("1", "a"), link("2"), link("3", "a", "gone"), link("4", "a", "b", "a")]);
  assert.deepEqual(bundles, []);
});

test("many nodes at one place are one group", () => {
  const { groups } = group(Array.from({ length: 10_000 }, (_, number) => node(`n${number}`, 0, 0)));
  assert.deepEqual(groups.map(({ nodes }) => nodes.length), [10_000]);
});

test("a cell has nearly the same size in the window at every scale, and stays while the scale changes a little", () => {
  for (const scale of [0.001, 0.03, 0.2, 1, 3.9]) {
    const pixels = cellSize(scale) * scale;
    assert.ok(pixels >= 72 && pixels < 144, `${pixels} at ${scale}`);
  }
  assert.equal(cellSize(0.1), cellSize(0.11));
});

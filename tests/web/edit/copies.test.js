import assert from "node:assert/strict";
import test from "node:test";

import { copiesOf, linksAmong, middleOfAll } from "../../../gns3trio/web/edit/copies.js";

const NODES = ["a", "b"].map((id, place) => ({
  body: { node_id: id, name: id, x: 100 * place, y: 0, width: 20, height: 10, console: 5000, locked: true, properties: { ram: 1, mac_address: "0c:01" }, custom_adapters: [{ adapter_number: 0, mac_address: "0c:02" }] },
  files: [{ name: "startup.vpc", text: "ip" }],
}));
const LINKS = [{ body: { link_id: "l", nodes: [{ node_id: "a", port_number: 1, label: { text: "e1" } }, { node_id: "b", port_number: 2 }], filters: { delay: [1] } }, impairments: { impairments: [], seed: null } }];
const DRAWINGS = [{ body: { drawing_id: "d", x: 5, y: 6, locked: true, svg: "<svg/>" } }];

test("copies have ids of their own, and links lead to the copies", () => {
  const { nodes, links, drawings } = copiesOf({ nodes: NODES, links: LINKS, drawings: DRAWINGS }, [10, 20], (names) => names);
  const ids = nodes.map(({ body }) => body.node_id);
  assert.ok(ids.every((id) => /^[0-9a-f-]{36}$/.test(id)) && ids[0] !== ids[1]);
  assert.deepEqual(links[0].body.nodes, [{ node_id: ids[0], port_number: 1, label: { text: "e1" } }, { node_id: ids[1], port_number: 2 }]);
  assert.notEqual(links[0].body.link_id, "l");
  assert.deepEqual(nodes.map(({ body }) => [body.x, body.y]), [[10, 20], [110, 20]]);
  assert.deepEqual([drawings[0].body.x, drawings[0].body.y, drawings[0].body.locked], [15, 26, false]);
  assert.deepEqual(nodes[0].files, NODES[0].files);
});

test("what only one node can have is not copied", () => {
  const [{ body }] = copiesOf({ nodes: NODES, links: [], drawings: [] }, [0, 0], (names) => names).nodes;
  assert.deepEqual([body.console, body.locked, body.properties, body.custom_adapters], [undefined, undefined, { ram: 1 }, [{ adapter_number: 0 }]]);
  assert.equal(NODES[0].body.properties.mac_address, "0c:01"); // the original has it still
});

test("copies get their names in the order of the originals", () => {
  const pc = (name) => ({ body: { ...NODES[0].body, node_id: name, name }, files: [] });
  const { nodes, links } = copiesOf({ nodes: [pc("PC10"), pc("PC9")], links: [{ body: { nodes: [{ node_id: "PC10" }, { node_id: "PC9" }] } }], drawings: [] }, [0, 0],
    (names) => names.map((name) => `copy of ${name}`));
  assert.deepEqual(nodes.map(({ body }) => body.name), ["copy of PC9", "copy of PC10"]);
  assert.deepEqual(links[0].body.nodes.map(({ node_id }) => node_id), [nodes[1].body.node_id, nodes[0].body.node_id]);
});

test("only links between the nodes go along", () => {
  const ends = { ab: ["a", "b"], ax: ["a", "x"], half: ["a"] };
  const lab = {
    links: new Map(Object.entries(ends).map(([link_id, ids]) => [link_id, { link_id, nodes: ids.map((node_id) => ({ node_id })) }])),
    linksOfNode: new Map([["a", new Set(["ab", "ax", "half"])], ["b", new Set(["ab"])]]),
  };
  assert.deepEqual(linksAmong(lab, [{ node_id: "a" }, { node_id: "b" }]).map(({ link_id }) => link_id), ["ab"]);
});

test("the middle of all is between the outermost", () => {
  assert.deepEqual(middleOfAll({ nodes: NODES, drawings: [] }), [60, 5]);
  assert.deepEqual(middleOfAll({ nodes: [], drawings: [] }), [0, 0]);
});

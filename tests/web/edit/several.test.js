import assert from "node:assert/strict";
import test from "node:test";

import { createSeveral, placesOf } from "../../../gns3trio/web/edit/several.js";

const port = (number) => ({ adapter_number: 0, port_number: number });
const SWITCH = { node_id: "sw", name: "SW1", x: 0, y: 0, width: 60, height: 60 };
const WANTED = { kind: "vpcs", host: "local", pattern: "PC{n}", numbers: [6, 7], script: "ip 10.0.0.{n}/24", places: [[0, 1], [2, 3]], target: SWITCH };

function tools(free = 3) {
  const made = [];
  const lab = {
    path: "/v2/projects/p",
    types: new Map([["vpcs", { engines: [], always_runs: false }]]),
    templates: new Map([["t1", {}]]),
    nodes: new Map([["sw", SWITCH]]),
    freePorts: () => Array.from({ length: free }, (_, number) => port(number + 4)),
    apply: (action, node) => lab.nodes.set(node.node_id, node),
  };
  const history = {
    make: async (text, redo, undo) => {
      const replies = redo.map(({ body }) => body);
      made.push({ text: text(replies), redo, undo });
      return replies;
    },
    record: (text, redo, undo) => made.push({ text, redo, undo }),
  };
  return { lab, history, made };
}

test("several nodes and their links are one step", async () => {
  const { made, ...all } = tools();
  const nodes = await createSeveral(all, WANTED);
  assert.deepEqual(nodes.map(({ name, x, properties }) => [name, x, properties.startup_script]), [["PC6", 0, "ip 10.0.0.6/24"], ["PC7", 2, "ip 10.0.0.7/24"]]);
  const [{ text, redo, undo }] = made;
  assert.equal(text, "Add PC6 to PC7");
  assert.deepEqual(redo.filter(({ path }) => path.endsWith("/links")).map(({ body }) => body.nodes),
    nodes.map(({ node_id }, place) => [{ node_id, ...port(0) }, { node_id: "sw", ...port(4 + place) }]));
  assert.deepEqual(undo, nodes.map(({ node_id }) => ({ method: "DELETE", path: `/v2/projects/p/nodes/${node_id}` })));
});

test("a node with too few ports is told before anything is made", async () => {
  const { made, ...all } = tools(1);
  await assert.rejects(createSeveral(all, WANTED), /^Error: target: SW1 has 1 free port\.$/);
  assert.deepEqual(made, []);
});

test("without a script and a target there are only nodes", async () => {
  const { made, ...all } = tools();
  await createSeveral(all, { ...WANTED, numbers: [1], script: null, target: null });
  assert.deepEqual([made[0].text, made[0].redo.length, made[0].redo[0].body.properties], ["Add PC1", 1, {}]);
});

test("nodes of a template are one step, too; if one cannot be made, none is", async (t) => {
  const sent = [];
  let most = 2;
  t.mock.method(globalThis, "fetch", async (path, { method, body }) => {
    if (method === "GET") return Response.json({ files: [], is_whole: true });
    sent.push(`${method} ${path.replace(/.*\/p\//, "")}`);
    if (!path.includes("/templates/")) return Response.json({});
    most -= 1;
    if (most < 0) return Response.json({ message: "it is full" }, { status: 409 });
    const { name } = JSON.parse(body);
    return Response.json({ node_id: `id of ${name}`, name, node_type: "vpcs", status: "stopped" });
  });
  const { made, ...all } = tools();
  await createSeveral(all, { ...WANTED, kind: "t1" });
  assert.deepEqual(made.map(({ text, redo }) => [text, redo.length]), [["Add PC6 to PC7", 4]]);
  assert.deepEqual(sent, ["POST templates/t1", "POST templates/t1", "POST links", "POST links"]);
  [most, sent.length] = [1, 0];
  await assert.rejects(createSeveral(all, { ...WANTED, kind: "t1" }), /it is full/);
  assert.deepEqual(sent.slice(2), ["DELETE nodes/id%20of%20PC6".replaceAll("%20", " ")]);
  assert.equal(made.length, 1);
});

test("nodes lie in rows, below the node with which they are linked, and cover none", () => {
  const places = placesOf(5, [0, 0], SWITCH, [SWITCH]);
  assert.equal(new Set(places.map(([, y]) => y)).size, 2);
  assert.ok(places.every(([, y]) => y >= 100));
  assert.equal(places[2][0] - places[1][0], places[1][0] - places[0][0]);
  const more = placesOf(9, [0, 0], SWITCH, [SWITCH, ...places.map(([x, y]) => ({ x, y }))]);
  assert.equal(new Set([...places, ...more].map(String)).size, 14);
});

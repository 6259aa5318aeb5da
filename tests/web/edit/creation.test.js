import assert from "node:assert/strict";
import test from "node:test";

import { createLink, createNode } from "../../../gns3trio/web/edit/creation.js";

const port = (number) => ({ adapter_number: 0, port_number: number });

function tools() {
  const made = [];
  const lab = {
    path: "/v2/projects/p",
    templates: new Map([["t1", {}]]),
    types: new Map([["vpcs", { name_format: "PC{0}", image_property: null, engines: [] }]]),
    nodes: new Map([["n1", { node_id: "n1", name: "PC1" }], ["n2", { node_id: "n2", name: "SW1" }]]),
    freePorts: ({ node_id }) => (node_id === "n1" ? [port(0)] : []),
    apply: (action, object) => lab.nodes.set(object.node_id, object),
  };
  const history = {
    make: async (text, redo, undo) => {
      const reply = { ...redo[0].body, name: "PC1" };
      made.push({ text: typeof text === "function" ? text([reply]) : text, redo, undo });
      return [reply];
    },
    record: (text, redo, undo) => made.push({ text, redo, undo }),
  };
  return { lab, history, made };
}

test("a node has an id of the page, by which it is undone", async () => {
  const { made, ...all } = tools();
  const node = await createNode(all, "vpcs", "auto", [10, 20]);
  const [{ text, redo, undo }] = made;
  assert.equal(text, "Add PC1");
  assert.match(node.node_id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(redo[0].body, { node_id: node.node_id, name: "PC{0}", node_type: "vpcs", compute_id: "auto", x: 10, y: 20, properties: {} });
  assert.deepEqual(undo, [{ method: "DELETE", path: `/v2/projects/p/nodes/${node.node_id}` }]);
});

test("a node from a template can be undone, too", async (t) => {
  t.mock.method(globalThis, "fetch", async (path) => Response.json(path.endsWith("/files") ? { files: [], is_whole: true } : { node_id: "n9", name: "Desk1", node_type: "vpcs", status: "stopped" }));
  const { made, ...all } = tools();
  await createNode(all, "t1", "local", [1, 2]);
  assert.equal(made[0].text, "Add Desk1");
  assert.deepEqual(made[0].redo[0].body, { node_id: "n9", name: "Desk1", node_type: "vpcs" });
  assert.deepEqual(made[0].undo, [{ method: "DELETE", path: "/v2/projects/p/nodes/n9" }]);
  assert.ok(all.lab.nodes.has("n9"));
});

test("a link is at the first free port, or at the one that was chosen", async () => {
  const { made, ...all } = tools();
  const link = await createLink(all, [{ node_id: "n1" }, { node_id: "n2", ...port(7) }]);
  assert.deepEqual(link.nodes, [{ node_id: "n1", ...port(0) }, { node_id: "n2", ...port(7) }]);
  assert.equal(made[0].text, "Link PC1 and SW1");
  await assert.rejects(createLink(all, [{ node_id: "n1" }, { node_id: "n2" }]), /SW1 has no free port/);
});

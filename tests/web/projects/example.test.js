import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

import { readExample, requestsFor } from "../../../gns3trio/web/projects/example.js";

test("the example is a topology document whose links join its nodes", async (t) => {
  t.mock.method(globalThis, "fetch", async (url) => new Response(await readFile(url)));
  const { nodes, links, drawings } = await readExample();
  const joined = new Set(links.flatMap(({ ends }) => ends.map((end) => end.split(":")[0])));
  assert.deepEqual([...joined].toSorted(), Object.keys(nodes).toSorted());
  assert.ok(drawings.length > 0);
});

test("it can be made by requests that name the ids of all, and taken away again", async (t) => {
  t.mock.method(globalThis, "fetch", async (url) => new Response(await readFile(url)));
  const example = await readExample();
  let last = 0;
  const { redo, undo } = requestsFor("/v2/projects/x", example, () => `id-${(last += 1)}`);
  assert.equal(redo.length, Object.keys(example.nodes).length + example.links.length + example.drawings.length);
  assert.equal(undo.length, redo.length);
  const idOf = Object.fromEntries(redo.filter(({ path }) => path.endsWith("/nodes")).map(({ body }) => [body.name, body.node_id]));
  const trunk = redo.find(({ body }) => body.filters);
  assert.deepEqual(trunk.body.nodes, [
    { node_id: idOf.SW1, adapter_number: 0, port_number: 7 }, { node_id: idOf.SW2, adapter_number: 0, port_number: 7 },
  ]);
  assert.ok(undo.some(({ method, path }) => method === "DELETE" && path === `/v2/projects/x/nodes/${idOf.PC1}`));
});

test("an example that is not there is told", async (t) => {
  t.mock.method(globalThis, "fetch", async () => new Response("", { status: 404 }));
  await assert.rejects(readExample(), /could not be loaded/);
});

import assert from "node:assert/strict";
import test from "node:test";

import { Overridden, compare } from "../../../gns3trio/web/edit/comparison.js";

const P = "/v2/projects/p";
const id = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

// A server that answers GET with these objects by path, and notes what is asked.
function server(objects) {
  const asked = [];
  return { asked, send: async ({ method, path }) => {
    asked.push(`${method} ${path.slice(P.length)}`);
    if (path in objects) return objects[path];
    throw Object.assign(new Error("not there"), { status: 404 });
  } };
}

const NODES = [{ node_id: id(1), name: "PC1" }, { node_id: id(2), name: "PC2" }];

test("a node does not get its former name back while another one has it", async () => {
  const { send } = server({ [`${P}/nodes`]: NODES });
  const rename = (number, name) => [{ method: "PUT", path: `${P}/nodes/${id(number)}`, body: { name } }];
  await assert.rejects(compare(send, [], rename(1, "PC2"), []), (error) => error instanceof Overridden && /another node has the name PC2/.test(error.message));
  await compare(send, [], rename(1, "PC1"), []);
  await compare(send, [], rename(1, "PC9"), []);
});

test("what has no name asks for none", async () => {
  const { send, asked } = server({});
  await compare(send, [], [{ method: "PUT", path: `${P}/nodes/${id(1)}`, body: { x: 1 } }, { method: "PUT", path: P, body: { name: "lab" } }], []);
  assert.deepEqual(asked, []);
});

test("if the server does not answer, that is no difference", async () => {
  const send = async () => { throw new Error("The server does not answer."); };
  await assert.rejects(compare(send, [{ path: `${P}/nodes/${id(1)}`, fields: {} }], [], []), (error) => !(error instanceof Overridden));
});

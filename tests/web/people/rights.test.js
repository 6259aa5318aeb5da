import assert from "node:assert/strict";
import test from "node:test";

import { button } from "../../../gns3trio/web/actions.js";
import { put } from "../../../gns3trio/web/api.js";
import { Rights, describeMissing, needsFor, whyRefused } from "../../../gns3trio/web/people/rights.js";
import { openDocument } from "../small_dom.js";

const LAB = ["Node.Allocate", "Node.Modify", "Node.PowerMgmt", "Node.Console", "Link.Allocate", "Link.Modify", "Link.Capture", "Drawing.Allocate"];
const settle = () => new Promise((done) => { setImmediate(done); });

// A server that gives these privileges; `made` are the elements of the document.
function serve(t, { privileges = [], below = [] } = {}) {
  openDocument();
  const server = { privileges, below, made: [], asked: [] };
  globalThis.document.querySelectorAll = () => server.made;
  t.mock.method(globalThis, "fetch", async (path, { method }) => {
    server.asked.push(new URL(path, "http://host").searchParams.get("path"));
    if (method === "PUT") return Response.json({ message: "Forbidden: no" }, { status: 403 });
    return Response.json({ privileges: server.privileges, privileges_below: server.below });
  });
  return server;
}

test("what a user may not do in a lab is told once", () => {
  const without = (...missing) => describeMissing((name) => missing.includes(name));
  assert.equal(without(), "");
  assert.equal(without(...LAB), "You may look at this lab, but not change it.");
  assert.equal(without(...LAB.filter((name) => name !== "Node.Console")), "You may use this lab, but not change it.");
  assert.equal(without("Node.Console", "Link.Capture"), "In this lab you may not use consoles, capture packets.");
});

test("until it is known what the user may do, the server decides", async (t) => {
  const server = serve(t, { privileges: ["Node.Audit"] });
  const rights = new Rights("/projects/p");
  assert.equal(rights.refusal("Node.Modify"), "");
  await rights.read();
  assert.deepEqual(server.asked, ["/projects/p"]);
  assert.equal(rights.refusal("Node.Audit"), "");
  assert.equal(rights.refusal("Node.Modify"), "You may not change nodes here (Node.Modify is needed).");
  assert.throws(() => rights.require("Node.Modify"), /change nodes/);
  assert.equal(rights.has("Node.Modify|Node.Audit"), true);
});

test("what is allowed for an object of a lab may be tried there, and only there", async (t) => {
  serve(t, { privileges: ["Node.Audit"], below: ["Node.Console"] });
  const [lab, exact] = [new Rights("/projects/p", { withParts: true }), new Rights("/projects/p")];
  await lab.read();
  await exact.read();
  assert.deepEqual([lab.has("Node.Console"), exact.has("Node.Console")], [true, false]);
  assert.match(await whyRefused("Node.Console", "/projects/p"), /use consoles/);
  assert.equal(await whyRefused("Node.Audit", "/projects/p"), "");
});

test("buttons and fields say what is missing, and follow what changes", async (t) => {
  const server = serve(t, { privileges: [] });
  const rights = new Rights("/projects/p");
  const start = rights.guard("Node.PowerMgmt", button("Start", async () => {}));
  const fields = rights.fence("Node.Modify", "name");
  server.made.push(start, fields);
  assert.deepEqual([start.getAttribute("aria-disabled"), fields.disabled], [null, false]);
  await rights.read();
  assert.deepEqual([start.getAttribute("aria-disabled"), fields.disabled], ["true", true]);
  assert.equal(fields.textContent, "You may not change nodes here (Node.Modify is needed).name");
  assert.equal(start.getAttribute("title"), "You may not start and stop nodes here (Node.PowerMgmt is needed).");
  server.privileges = ["Node.PowerMgmt", "Node.Modify"];
  start.click(); // it is read again
  await settle();
  assert.deepEqual([start.getAttribute("aria-disabled"), fields.disabled, fields.children[0].hidden], [null, false, true]);
});

test("a right that was withdrawn is noticed when the server refuses something", async (t) => {
  const server = serve(t, { privileges: ["Node.Modify"] });
  let told = 0;
  const rights = new Rights("/projects/p", { onChange: () => { told += 1; } });
  await rights.read();
  server.privileges = [];
  await assert.rejects(put("/v2/projects/p/nodes/n", {}), /no/);
  await settle();
  assert.deepEqual([rights.has("Node.Modify"), told], [false, 2]);
});

test("the privileges that a change needs are those of its objects", () => {
  const needs = needsFor("Modify", { kindOf: (id) => ({ n: "node", d: "drawing" })[id[0]] ?? null });
  assert.deepEqual(needs({ ids: ["n1", "n2", "d1", "gone"] }), ["Node.Modify", "Drawing.Modify"]);
});

import assert from "node:assert/strict";
import test from "node:test";

import { addressOf, fieldError, lossText, nodesText, percent, reasonOf, splitAddress, stateOf, versionOf } from "../../../gns3trio/web/hosts/host_texts.js";

const compute = (fields = {}) => ({ connected: true, protocol: "http", host: "192.0.2.7", port: 3080, capabilities: { version: "2.2.61" }, ...fields });

test("an address has brackets around one of IPv6, and can be split again", () => {
  assert.equal(addressOf(compute()), "http://192.0.2.7:3080");
  const written = addressOf(compute({ protocol: "https", host: "2001:db8::7", port: 1 }));
  assert.equal(written, "https://[2001:db8::7]:1");
  assert.deepEqual(splitAddress(written), { protocol: "https", host: "2001:db8::7", port: 1 });
});

test("a whole address is split, with the port of GNS3 if it has none; the name of a host is none", () => {
  assert.deepEqual(splitAddress(" HTTP://attic.example/ "), { protocol: "http", host: "attic.example", port: 3080 });
  for (const text of ["attic", "attic:3080", "ftp://attic", "http://", ""]) assert.equal(splitAddress(text), null);
});

test("a host that a file has named waits to be confirmed; without what the server says of it, it is away", () => {
  const away = compute({ connected: false });
  assert.deepEqual([stateOf(compute(), { confirmed: true }), stateOf(away, { confirmed: true }), stateOf(away, { confirmed: false }), stateOf(away)],
    ["connected", "away", "to be confirmed", "away"]);
});

test("the version tells a server of ours from one of GNS3, and is empty for one that was never reached", () => {
  assert.equal(versionOf(compute(), { own_version: "0.1.0" }), "gns3trio 0.1.0 (as GNS3 2.2.61)");
  assert.equal(versionOf(compute(), { own_version: null }), "gns3-server 2.2.61");
  const unknown = compute({ connected: false, capabilities: { version: null } });
  assert.equal(versionOf(unknown, { own_version: null }), "");
  assert.equal(versionOf(unknown, { own_version: "0.1.0" }), "gns3trio 0.1.0"); // away since it was seen
  assert.equal(versionOf(unknown), "");
});

test("loads and counts of nodes", () => {
  assert.deepEqual([percent(null), percent(0), percent(12.6)], ["", "0 %", "13 %"]);
  assert.deepEqual([nodesText({ total: 0, started: 0 }), nodesText({ total: 1200, started: 3 })], ["0", "3 of 1,200"]);
});

test("a reason does not repeat the name of the host", () => {
  assert.equal(reasonOf("compute 'attic' cannot be reached: connection refused"), "connection refused");
  assert.deepEqual([reasonOf("it was named by a file"), reasonOf(null)], ["it was named by a file", ""]);
});

test("who removes a host is told which projects are closed", () => {
  const project = (name, total) => ({ name, total, started: 0 });
  assert.match(lossText({ nodes: { total: 0 }, projects: [] }), /^No open project has nodes there/);
  assert.match(lossText({ nodes: { total: 1 }, projects: [project("lab", 1)] }), /^lab \(1 node\)\. This project is closed, and all of its nodes stop\./);
  const many = lossText({ nodes: { total: 7 }, projects: Array.from({ length: 7 }, (_, place) => project(`p${place}`, 1)) });
  assert.match(many, /^p0 .*p4 \(1 node\), 2 more\. These 7 projects are closed/);
  assert.doesNotMatch(many, /p5/);
});

test("an error is shown at its field, if the form has that", () => {
  const names = ["name", "port"];
  assert.deepEqual(fieldError("name: there is a compute named 'x' already", names), { name: "name", text: "there is a compute named 'x' already" });
  assert.equal(fieldError("compute_id: no", names), null);
  assert.equal(fieldError("The server does not answer.", names), null);
});

import assert from "node:assert/strict";
import test from "node:test";

import { LabHosts } from "../../../gns3trio/web/hosts/lab_hosts.js";

const compute = (id, fields = {}) => ({ compute_id: id, name: id, connected: true, last_error: null, capabilities: { node_types: ["vpcs"], version: "2.2.61" }, ...fields });
const node = (id, host) => ({ node_id: id, compute_id: host });
const link = (id, ...ends) => ({ link_id: id, nodes: ends.map((node_id) => ({ node_id })) });

// A lab that notes what it is asked to redraw, and its hosts.
function labOf(...computes) {
  const nodes = [node("near", "local"), node("far", "attic"), node("beyond", "cellar"), node("lost", "nowhere")];
  const links = [link("nf", "near", "far"), link("fb", "far", "beyond"), link("half", "near"), link("loop", "far", "far")];
  const lab = {
    nodes: new Map(nodes.map((each) => [each.node_id, each])),
    links: new Map(links.map((each) => [each.link_id, each])),
    touched: new Set(),
    told: [],
    touch: (id) => lab.touched.add(id),
    touchNode: (id) => lab.touched.add(id),
    tell: (what) => lab.told.push(what),
    readProblemsSoon: () => lab.told.push("problems"),
  };
  const hosts = new LabHosts(lab);
  for (const each of computes) hosts.apply("compute.created", each);
  lab.told.length = 0;
  lab.touched.clear();
  return { lab, hosts };
}

test("a node on another host shows it; one on this server shows none", () => {
  const { lab, hosts } = labOf(compute("local"), compute("attic", { name: "Attic" }), compute("cellar", { connected: false, last_error: "refused" }));
  assert.equal(hosts.of(lab.nodes.get("near")), null);
  assert.deepEqual(hosts.of(lab.nodes.get("far")), { name: "Attic", hue: hosts.hueOf("attic"), away: false });
  assert.equal(hosts.of(lab.nodes.get("beyond")).away, true);
  assert.deepEqual([hosts.of(lab.nodes.get("lost")).name, hosts.of(lab.nodes.get("lost")).away], ["nowhere", true]);
  assert.equal(hosts.of({}), null); // it was deleted, or a file has it wrong
});

test("a link is between hosts if its ends are", () => {
  const { lab, hosts } = labOf(compute("local"), compute("attic"));
  assert.deepEqual([...lab.links.values()].map((each) => hosts.areApart(each)), [true, true, false, false]);
});

test("when a host goes away, its nodes are drawn anew and problems are read", () => {
  const { lab, hosts } = labOf(compute("local"), compute("attic"), compute("cellar"));
  hosts.apply("compute.updated", compute("attic", { connected: false, last_error: "refused" }));
  assert.deepEqual([...lab.touched], ["far"]);
  assert.deepEqual(lab.told, ["hosts", "problems"]);
  hosts.apply("compute.updated", compute("attic", { connected: false, last_error: "refused", cpu_usage_percent: 3 }));
  assert.equal(lab.told.length, 2);
});

test("when the hosts are known first, problems are not read: the lab is being read as well", () => {
  const { lab, hosts } = labOf();
  hosts.apply("compute.created", compute("attic"));
  assert.deepEqual(lab.told, ["hosts"]);
});

test("the nodes of one host are shown, until it is removed", () => {
  const { lab, hosts } = labOf(compute("local"), compute("attic"));
  assert.ok(hosts.isShown(lab.nodes.get("near")));
  hosts.show("attic");
  assert.equal(lab.touched.size, lab.nodes.size + lab.links.size);
  assert.deepEqual(["near", "far"].map((id) => hosts.isShown(lab.nodes.get(id))), [false, true]);
  assert.ok(hosts.isShown(lab.nodes.get("near"), lab.nodes.get("far"))); // a link with one end there
  hosts.apply("compute.deleted", compute("attic"));
  assert.ok(hosts.isShown(lab.nodes.get("near")));
});

test("words find a node by its host only if there are several hosts", () => {
  const { lab, hosts } = labOf(compute("local", { name: "vm" }));
  assert.equal(hosts.wordsOf(lab.nodes.get("near")), "");
  hosts.apply("compute.created", compute("attic", { connected: false }));
  assert.deepEqual(["near", "far"].map((id) => hosts.wordsOf(lab.nodes.get(id))), ["vm (this server)", "attic away"]);
});

test("a host is ours if the server knows its version", async (t) => {
  const { hosts } = labOf(compute("local"), compute("attic"));
  let reply = () => Response.json([{ compute_id: "attic", own_version: "0.1.0" }, { compute_id: "cellar", own_version: null }]);
  t.mock.method(globalThis, "fetch", async () => reply());
  assert.deepEqual(await Promise.all(["attic", "cellar", "gone"].map((id) => hosts.isOurs(id))), [true, false, false]);
  reply = () => { throw new TypeError("gone"); };
  assert.equal(await hosts.isOurs("attic"), false);
});

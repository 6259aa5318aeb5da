import assert from "node:assert/strict";
import test from "node:test";

import { Hosts } from "../../../gns3trio/web/hosts/hosts.js";

const compute = (id, fields = {}) => ({ compute_id: id, name: id, protocol: "http", host: "192.0.2.7", port: 3080, user: null, connected: true, last_error: null,
  cpu_usage_percent: 1, memory_usage_percent: 2, capabilities: { node_types: ["vpcs"], version: "2.2.61" }, ...fields });

// Hosts that have read these computes, with what they told.
async function hostsOf(t, ...computes) {
  const told = [];
  t.mock.method(globalThis, "fetch", async () => Response.json(computes));
  const hosts = new Hosts({ onState: (ids) => told.push(["state", ...ids]), onLoad: (id) => told.push(["load", id]) });
  await hosts.load();
  return { hosts, told };
}

test("a load is another thing than a state", async (t) => {
  const { hosts, told } = await hostsOf(t, compute("local"), compute("far"));
  assert.deepEqual(told, [["state", "local", "far"]]);
  hosts.apply("compute.updated", compute("far", { cpu_usage_percent: 90 }));
  hosts.apply("compute.updated", compute("far", { connected: false, last_error: "refused" }));
  hosts.apply("compute.created", compute("new"));
  hosts.apply("compute.deleted", compute("new"));
  hosts.apply("project.updated", {});
  assert.deepEqual(told.slice(1), [["load", "far"], ["state", "far"], ["state", "new"], ["state", "new"]]);
  assert.deepEqual([...hosts.computes.keys()], ["local", "far"]);
});

test("what is read again tells only what has changed, also what is gone", async (t) => {
  const { hosts, told } = await hostsOf(t, compute("local"), compute("far"), compute("gone"));
  t.mock.method(globalThis, "fetch", async () => Response.json([compute("local", { cpu_usage_percent: 5 }), compute("far", { name: "attic" })]));
  await hosts.load();
  assert.deepEqual(told.slice(1), [["state", "far", "gone"]]);
  assert.equal(hosts.computes.get("local").cpu_usage_percent, 5);
});

test("this server is never away, and nothing is before the hosts are known", async (t) => {
  assert.equal(new Hosts().whyAway("far"), null);
  const { hosts } = await hostsOf(t, compute("local"), compute("far"), compute("off", { connected: false, last_error: "refused" }));
  assert.deepEqual(["local", "far", "off"].map((id) => hosts.whyAway(id)), [null, null, "refused"]);
  assert.equal(hosts.whyAway("unknown"), "this server does not know it");
});

test("names, and who offers a type", async (t) => {
  const off = compute("off", { connected: false, last_error: "refused" });
  const { hosts } = await hostsOf(t, compute("local", { name: "vm" }), compute("far", { name: "attic" }), off);
  assert.deepEqual(["local", "far", "other"].map((id) => hosts.nameOf(id)), ["vm (this server)", "attic", "other"]);
  assert.deepEqual(hosts.offering("vpcs").map((each) => each.name), ["vm", "attic"]);
  assert.deepEqual(hosts.offering("qemu"), []);
  assert.equal(hosts.several, true);
});

test("hosts have hues that differ", async (t) => {
  const ids = ["local", ...Array.from({ length: 9 }, (_, place) => `far${place}`)];
  const { hosts } = await hostsOf(t, ...ids.map((id) => compute(id)));
  const hues = ids.map((id) => hosts.hueOf(id)).toSorted((a, b) => a - b);
  for (const [place, hue] of hues.entries()) if (place) assert.ok(hue - hues[place - 1] >= 20, String(hues));
  hosts.apply("compute.deleted", compute("far3"));
  hosts.apply("compute.created", compute("last"));
  assert.notEqual(hosts.hueOf("last"), hosts.hueOf("far8"));
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { natFacts } from "../../../gns3trio/web/panels/nat_facts.js";

test("a node that is no NAT has none", () => {
  assert.deepEqual(natFacts(undefined), []);
  assert.deepEqual(natFacts({ ports_mapping: [] }), []);
});

test("the way to the Internet, and where the addresses come from", () => {
  assert.deepEqual(natFacts({ gateway: "bridge", ports_mapping: [{ interface: "virbr0" }], port_forwards: [] }), [
    ["Internet", "bridge virbr0"], ["Addresses", "from the DHCP server of the bridge, if it has one"]]);
  assert.deepEqual(natFacts({ gateway: "user" }), [
    ["Internet", "user mode, 192.168.122.0/24"], ["Addresses", "by DHCP, 192.168.122.2 to 192.168.122.253; gateway and name server 192.168.122.1"]]);
});

test("forwarded ports", () => {
  const forward = { protocol: "udp", host_address: "127.0.0.1", host_port: 5353, guest_address: "192.168.122.9", guest_port: 53 };
  assert.deepEqual(natFacts({ gateway: "user", port_forwards: [forward] })[2], ["Forwarded", "udp 127.0.0.1:5353 to 192.168.122.9:53"]);
});

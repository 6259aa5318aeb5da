import assert from "node:assert/strict";
import { test } from "node:test";

import { parseFilter } from "../../../gns3trio/web/drawer/packet_filter.js";

const PING = { source: "10.0.0.1", destination: "10.0.0.2", protocol: "ICMP", what: "echo request 7", ports: [], vlans: [10], from: "PC1", length: 98 };
const ARP = { source: "00:50:79:66:68:00", destination: "ff:ff:ff:ff:ff:ff", protocol: "ARP", what: "who has 10.0.0.2? tell 10.0.0.1", ports: [], vlans: [], from: "PC2", length: 60 };
const DNS = { source: "2001:db8::1", destination: "2001:db8::53", protocol: "DNS", what: "query A example.com", ports: [40000, 53], vlans: [], from: "", length: 120 };

const matching = (text) => [PING, ARP, DNS].filter(parseFilter(text)).map(({ protocol }) => protocol).join(" ");

test("words are found anywhere, and all must match", () => {
  assert.deepEqual(["icmp", "10.0.0.2", "ECHO 7", '"who has"', '"has who"', "00:50:79", "2001:db8::1", "example"].map(matching),
    ["ICMP", "ICMP ARP", "ICMP", "ARP", "", "ARP", "DNS", "DNS"]);
});

test("fields are looked at alone", () => {
  assert.deepEqual(["src:10.0.0.1", "dst:10.0.0.1", "addr:10.0.0.1", "proto:arp", "port:53", "port:5", "vlan:10", "from:pc2"].map(matching),
    ["ICMP", "", "ICMP", "ARP", "DNS", "", "ICMP", "ARP"]);
  assert.deepEqual(["len>98", "len<98", "len=98", "len>60 len<120"].map(matching), ["DNS", "ARP", "ICMP", "ICMP"]);
});

test("a minus excludes", () => assert.deepEqual(["-arp", "-arp -dns", "-src:10", '-"who has"'].map(matching), ["ICMP DNS", "ICMP", "ARP DNS", "ICMP DNS"]));

test("nothing written filters nothing", () => assert.deepEqual([parseFilter(""), parseFilter("  ")], [null, null]));

test("a field that is not there is told", () => {
  assert.throws(() => parseFilter("sport:53"), /There is no field sport\. There are: src, dst/);
  assert.throws(() => parseFilter("constructor:53"), /no field/);
});

test("a long filter is read in no time", () => {
  for (const text of ['"'.repeat(500), "-".repeat(500), "a:".repeat(250), "x".repeat(500)]) {
    try {
      parseFilter(text)?.(PING);
    } catch (error) {
      assert.match(error.message, /no field/);
    }
  }
});

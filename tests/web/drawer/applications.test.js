import assert from "node:assert/strict";
import { test } from "node:test";

import { dhcpOptions, dhcpType, dnsQuestion, plain } from "../../../gns3trio/web/drawer/applications.js";

// A DHCP message with these options, each [number, ...values].
function dhcp(...options) {
  const list = options.flatMap(([number, ...values]) => (number ? [number, values.length].concat(values) : [0]));
  return Uint8Array.from([...new Uint8Array(240), ...list, 255]);
}

test("a DHCP message tells its type, wherever the option is", () => {
  assert.equal(dhcpType(dhcp([53, 1]), 0, 244), "discover");
  const later = dhcp([61, 1, 2, 3], [0], [53, 5]);
  assert.equal(dhcpType(later, 0, later.length), "acknowledge");
  assert.equal(dhcpType(dhcp([53, 99]), 0, 244), "type 99");
  assert.equal(dhcpType(dhcp([61, 1]), 0, 244), undefined);
});

test("options that end too soon are read as far as they go", () => {
  const message = dhcp([61, 1, 2, 3], [53, 5]);
  for (let end = 0; end <= message.length; end += 1) assert.ok(dhcpOptions(message, 0, end).every(([, from, to]) => from <= end && to <= end));
});

const dns = (flags, ...labels) => Uint8Array.from([0, 1, flags, 0, 0, 1, 0, 0, 0, 0, 0, 0,
  ...new TextEncoder().encode(labels.map((label) => String.fromCharCode(label.length) + label).join("")), 0, 0, 1, 0, 1]);

test("a DNS message tells its question", () => {
  const query = dns(1, "www", "example", "com");
  assert.equal(dnsQuestion(query, 0, query.length), "query A www.example.com");
  const reply = dns(0x81, "a");
  assert.equal(dnsQuestion(reply, 0, reply.length), "reply A a");
  for (let end = 12; end < query.length; end += 1) dnsQuestion(query, 0, end);
  const none = dns(1, "a");
  none[5] = 0;
  assert.equal(dnsQuestion(none, 0, none.length), undefined);
});

test("what cannot be shown is a dot", () => assert.equal(plain(Uint8Array.of(65, 0, 32, 200, 126)), "A...~"));

import assert from "node:assert/strict";
import test from "node:test";

import { PingReader, isAddress } from "../../../gns3trio/web/panels/ping_reader.js";

const COMMAND = "ping 10.0.0.2 -c 3 -i 250 -w 1234";
const reply = (number, ms) => `84 bytes from 10.0.0.2 icmp_seq=${number} ttl=64 time=${ms} ms\r\n`;

function read(...texts) {
  const reader = new PingReader(COMMAND, 3);
  for (const text of texts) reader.receive(new TextEncoder().encode(text));
  return reader;
}

test("replies are times, least, median and most of which are told", () => {
  const reader = read(`PC1> ${COMMAND}\r\n\r\n`, reply(1, "0.901"), reply(2, "20.54"), reply(3, "1.200"));
  assert.deepEqual(reader.times, [[1, 0.901], [2, 20.54], [3, 1.2]]);
  assert.ok(reader.done);
  assert.deepEqual(reader.summary("10.0.0.2"), { text: "3 replies, 0 lost; 0.9 / 1.2 / 20.5 ms (least, median, most)", median: 1.2 });
});

test("the median is that of all times", () => {
  const reader = new PingReader(COMMAND, 5);
  const replies = [9, 1, 7, 3, 5].map((ms, number) => reply(number, `${ms}.0`));
  reader.receive(new TextEncoder().encode(`${COMMAND}\n${replies.join("")}`));
  assert.equal(reader.summary("10.0.0.2").median, 5);
});

test("what the console has shown before does not count", () => {
  const reader = read(reply(1, "5.0"), "10.0.0.2 icmp_seq=2 timeout\r\n", `PC1> ${COMMAND}\r\n`, reply(1, "1.0"));
  assert.deepEqual(reader.times, [[1, 1]]);
  assert.equal(reader.lost, 0);
  assert.ok(!reader.done);
});

test("lines come in pieces", () => {
  const text = `PC1> ${COMMAND}\r\n${reply(1, "1.5")}${reply(2, "2.5")}`;
  for (let at = 0; at < text.length; at += 1) assert.deepEqual(read(text.slice(0, at), text.slice(at)).times, [[1, 1.5], [2, 2.5]], `cut at ${at}`);
});

test("pings without a reply are lost", () => {
  const reader = read(`${COMMAND}\n`, "10.0.0.2 icmp_seq=1 timeout\r\n", reply(2, "1.0"), "10.0.0.2 icmp_seq=3 timeout\r\n");
  assert.equal(reader.lost, 2);
  assert.ok(reader.done);
  assert.equal(reader.summary("10.0.0.2").text, "1 replies, 2 lost; 1.0 / 1.0 / 1.0 ms (least, median, most)");
});

test("a host that cannot be reached ends it", () => {
  for (const line of ["host (10.0.0.2) not reachable", "*10.0.0.254 icmp_seq=1 Destination host unreachable"]) {
    const reader = read(`${COMMAND}\n`, `${line}\r\n`);
    assert.ok(reader.done, line);
    assert.deepEqual(reader.summary("10.0.0.2"), { text: "No reply from 10.0.0.2." });
  }
});

test("before anything comes it waits", () => assert.deepEqual(read().summary("10.0.0.2"), { text: "Waiting…" }));

test("only addresses are typed into a console", () => {
  for (const good of ["10.0.0.2", "fe80::1", "2001:DB8::5"]) assert.ok(isAddress(good), good);
  for (const bad of ["", "host", "10.0.0.2 -c 9", "10.0.0.2\rsave x", "1;2"]) assert.ok(!isAddress(bad), bad);
});

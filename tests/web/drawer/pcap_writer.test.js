import assert from "node:assert/strict";
import { test } from "node:test";

import { PcapReader } from "../../../gns3trio/web/drawer/pcap_reader.js";
import { pcapFile } from "../../../gns3trio/web/drawer/pcap_writer.js";

test("packets that are written can be read again", async () => {
  const packets = [
    { time: 1_700_000_000.25, length: 1500, bytes: Uint8Array.of(1, 2, 3) },
    { time: 1_700_000_001.9999998, length: 0, bytes: new Uint8Array() },
  ];
  const reader = new PcapReader();
  const read = reader.receive(new Uint8Array(await new Blob(pcapFile(packets)).arrayBuffer()));
  assert.deepEqual(read.map(({ length, bytes }) => [length, [...bytes]]), [[1500, [1, 2, 3]], [0, []]]);
  assert.equal(read[0].time, packets[0].time);
  assert.ok(Math.abs(read[1].time - packets[1].time) < 1e-6);
});

test("no packet is a file with nothing in it", async () => {
  assert.equal((await new Blob(pcapFile([])).arrayBuffer()).byteLength, 24);
});

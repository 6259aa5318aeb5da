import assert from "node:assert/strict";
import { test } from "node:test";

import { captureRequest, captureText, listOf, timeText } from "../../../gns3trio/web/captures/capture_values.js";

const PLAIN = { expression: " ", file_name: "", direction: "both", snaplen: "", keep: "all", ring_files: "4", ring_megabytes: "10" };

test("a plain capture is the one that GNS3's clients see", () => {
  assert.deepEqual(captureRequest(PLAIN, false), { route: "start_capture", body: {} });
  assert.deepEqual(captureRequest({ ...PLAIN, file_name: " my.pcap " }, false), { route: "start_capture", body: { capture_file_name: "my.pcap" } });
});

test("a second capture, and one with a filter, a direction, a length or a ring, is one of our own", () => {
  const own = { expression: "", direction: "both", format: "pcapng" };
  assert.deepEqual(captureRequest(PLAIN, true), { route: "captures", body: own });
  assert.deepEqual(captureRequest({ ...PLAIN, expression: "dhcp" }, false).body, { ...own, expression: "dhcp" });
  assert.deepEqual(captureRequest({ ...PLAIN, direction: "a_to_b", file_name: "x.pcap" }, false).body, { ...own, direction: "a_to_b", format: "pcap", file_name: "x.pcap" });
  assert.deepEqual(captureRequest({ ...PLAIN, snaplen: "64" }, false).body, { ...own, snaplen: 64 });
  assert.deepEqual(captureRequest({ ...PLAIN, keep: "newest" }, false).body, { ...own, ring_files: 4, ring_bytes: 10_000_000 });
});

test("a ring needs its numbers", () => {
  assert.throws(() => captureRequest({ ...PLAIN, keep: "newest", ring_files: "1" }, false), /^Error: Files: at least 2/);
  assert.throws(() => captureRequest({ ...PLAIN, keep: "newest", ring_megabytes: "" }, false), /^Error: Size of a file/);
});

const file = (name, capture_id, modified = 0) => ({ name, capture_id, size: 1200, modified });
const capture = { capture_id: "1", link_id: "L", file_name: "a.pcap", running: true, error: null, frames: 3, direction: "both", expression: "", ring_files: null, started_at: 0, dropped: 0 };

test("a link has its running captures, and the lab its ended ones", () => {
  const told = {
    captures: [capture, { ...capture, capture_id: "2", link_id: "M" }, { ...capture, capture_id: "3", file_name: null }, { ...capture, capture_id: "4" }],
    files: [file("old", null, 1), file("new", null, 2), file("a_00001.pcap", "1"), file("a_00002.pcap", "1"), file("other", "2")],
  };
  const { running, ended } = listOf(told, "L");
  assert.deepEqual(running.map(({ capture_id, files, size }) => [capture_id, files.length, size]), [["4", 0, 0], ["1", 2, 2400]]);
  assert.deepEqual(ended.map(({ name }) => name), ["new", "old"]);
});

test("of very many files the newest are listed", () => {
  const files = [...Array(100).keys()].flatMap((number) => [file(`old ${number}`, null, number), file(`ring ${number}`, "1", number)]);
  const { running, ended, more } = listOf({ captures: [capture], files }, "L");
  assert.deepEqual([running[0].files.length, running[0].files[0].name, running[0].size], [20, "ring 99", 120_000]);
  assert.deepEqual([ended.length, ended[0].name, more], [50, "old 99", 50]);
});

test("a capture in a line", () => {
  const words = (direction) => `in ${direction}`;
  assert.match(captureText({ ...capture, size: 2400 }, words), /^3 packets · 2\.4 kB · since .* · all packets$/);
  const own = { ...capture, size: 0, expression: "port 53", direction: "a_to_b", ring_files: 4, frames: 1, dropped: 2 };
  assert.match(captureText(own, words), /^1 packet · 0 B · the newest 4 files · since .* · in a_to_b · only port 53 · 2 packets lost, because/);
  assert.match(captureText({ ...capture, size: 0, running: false, error: "no space" }, words), /^ended: no space · /);
});

test("times for people", () => {
  const now = new Date(2026, 10, 30, 23, 0, 0);
  assert.equal(timeText(now.getTime() / 1000 - 61, now), "22:58:59");
  assert.match(timeText(now.getTime() / 1000 - 86_400, now), /29 Nov.*23:00:00/);
});

import assert from "node:assert/strict";
import test from "node:test";

import { asText, changedAt, nameProblem, pathOfFile } from "../../../gns3trio/web/files/file_text.js";

const bytes = (...all) => new Uint8Array(all).buffer;

test("a text is UTF-8 without null characters", () => {
  assert.equal(asText(new TextEncoder().encode("ip é\n").buffer), "ip é\n");
  assert.equal(asText(bytes()), "");
  assert.equal(asText(bytes(0xef, 0xbb, 0xbf, 0x61)), "\ufeffa"); // it is saved as it was
  for (const other of [bytes(0x61, 0, 0x62), bytes(0xff, 0xfe)]) assert.equal(asText(other), null);
});

test("a name does not change the path of a request", () => {
  assert.equal(pathOfFile("/v2/x", "etc/a b?#%.txt"), "/v2/x/files/etc/a%20b%3F%23%25.txt");
});

test("the name of a new file leads nowhere else", () => {
  assert.equal(nameProblem("etc/motd"), "");
  for (const name of ["", "  ", "/etc/passwd", "../x", "a//b", "a/./b", ".ssh"]) assert.notEqual(nameProblem(name), "", name);
});

test("a time that the host does not tell is empty", () => {
  assert.equal(changedAt(null), "");
  assert.match(changedAt(1_700_000_000), /2023/);
});

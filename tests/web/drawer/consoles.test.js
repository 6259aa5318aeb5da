import assert from "node:assert/strict";
import { test } from "node:test";
import { consoleAddress } from "../../../gns3trio/web/drawer/consoles.js";

const node = { console_host: "127.0.0.1", console: 5000, console_type: "http", properties: {} };

test("the address of a web console has its path, and never leads to another host", () => {
  const address = (path) => consoleAddress({ ...node, properties: { console_http_path: path } });
  assert.equal(consoleAddress(node), "http://127.0.0.1:5000/");
  assert.equal(address("/"), "http://127.0.0.1:5000/");
  assert.equal(address("/admin/?a=b"), "http://127.0.0.1:5000/admin/?a=b");
  for (const path of ["@evil.example/", ".evil.example", "//evil.example", "\\\\evil.example", "1"]) {
    assert.equal(new URL(address(path)).host, "127.0.0.1:5000");
  }
});

test("the address of another console has none", () => {
  assert.equal(consoleAddress({ ...node, console_type: "telnet" }), "telnet://127.0.0.1:5000");
  assert.equal(consoleAddress({ ...node, console_type: "spice+agent", console_host: "::1" }), "spice://[::1]:5000");
});

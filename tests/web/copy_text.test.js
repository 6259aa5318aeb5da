import assert from "node:assert/strict";
import test from "node:test";

import { copyText, shortPath } from "../../gns3trio/web/copy_text.js";

test("of the UUIDs in a path only the beginnings are shown", () => {
  assert.equal(shortPath("/labs/9ff93995-245e-4a5a-804b-bd1ae90b3806/project-files/vpcs/B8fa4e6e-1c51-4e41-8f3c-671b96c72395"), "/labs/9ff93995…/project-files/vpcs/B8fa4e6e…");
  assert.equal(shortPath("/labs/9ff93995-245e/x"), "/labs/9ff93995-245e/x");
  assert.equal(shortPath(""), "");
});

test("a text goes to the clipboard, and a refusal of the browser is thrown", async (t) => {
  const copied = [];
  const clipboard = { writeText: async (text) => { copied.push(text); } };
  t.mock.getter(globalThis, "navigator", () => ({ clipboard }));
  await copyText("/labs/one");
  assert.deepEqual(copied, ["/labs/one"]);
  clipboard.writeText = async () => { throw new Error("Denied"); };
  await assert.rejects(copyText("/labs/one"), /Denied/);
});

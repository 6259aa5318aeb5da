import assert from "node:assert/strict";
import test from "node:test";

import { isOutdated } from "../../gns3trio/web/release.js";

const module = (hash) => `http://host/lab/static/app/${hash}/release.js`;
const page = (hash) => async () => `<script type="module" src="./static/app/${hash}/app.js"></script>`;
const [OLD, NEW] = ["0123456789abcdef", "fedcba9876543210"];

test("a page of the version before is outdated", async (t) => {
  globalThis.location = { href: "http://host/lab/" };
  t.after(() => { delete globalThis.location; });
  assert.equal(await isOutdated(module(OLD), page(OLD)), false);
  assert.equal(await isOutdated(module(OLD), page(NEW)), true);
});

test("what is no page of ours tells nothing", async (t) => {
  globalThis.location = { href: "http://host/" };
  t.after(() => { delete globalThis.location; });
  assert.equal(await isOutdated(module(OLD), async () => '{"message": "starting"}'), false);
  assert.equal(await isOutdated("http://host/static/app/release.js", page(NEW)), false);
});

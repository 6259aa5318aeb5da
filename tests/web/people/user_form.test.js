import assert from "node:assert/strict";
import test from "node:test";

import { changesOf } from "../../../gns3trio/web/people/user_form.js";

test("only what has changed is sent", () => {
  const user = { username: "ann", full_name: null, email: "a@example.org" };
  const values = { username: "ann", full_name: "", email: "a@example.org", password: "" };
  assert.deepEqual(changesOf(values, user), {});
  assert.deepEqual(changesOf({ ...values, full_name: "Ann", password: "12345678" }, user), { full_name: "Ann", password: "12345678" });
  assert.deepEqual(changesOf({ username: "bob", full_name: "", email: "", password: "12345678" }, null), { username: "bob", password: "12345678" });
});

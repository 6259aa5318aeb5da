import assert from "node:assert/strict";
import test from "node:test";

import { changesOf, fieldOf } from "../../../gns3trio/web/people/user_form.js";

test("only what has changed is sent", () => {
  const user = { username: "ann", full_name: null, email: "a@example.org" };
  const values = { username: "ann", full_name: "", email: "a@example.org", password: "" };
  assert.deepEqual(changesOf(values, user), {});
  assert.deepEqual(changesOf({ ...values, full_name: "Ann", password: "12345678" }, user), { full_name: "Ann", password: "12345678" });
  assert.deepEqual(changesOf({ username: "bob", full_name: "", email: "", password: "12345678" }, null), { username: "bob", password: "12345678" });
});

test("an error belongs to the field that it names", () => {
  assert.deepEqual(fieldOf("password: has 3 characters"), { name: "password", text: "has 3 characters" });
  assert.equal(fieldOf("The server does not answer."), null);
});

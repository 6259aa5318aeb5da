import assert from "node:assert/strict";
import test from "node:test";

import { fieldOf, sameTwice } from "../../../gns3trio/web/people/new_password.js";

test("a new password is typed twice", () => {
  assert.equal(sameTwice({ password: "12345678", again: "12345678" }), "12345678");
  assert.throws(() => sameTwice({ password: "12345678", again: "12345679" }), new Error("again: The two passwords differ."));
});

test("an error belongs to the field that it names", () => {
  assert.deepEqual(fieldOf("password: has 3 characters"), { name: "password", text: "has 3 characters" });
  assert.deepEqual(fieldOf("again: The two passwords differ."), { name: "again", text: "The two passwords differ." });
  assert.equal(fieldOf("The server does not answer."), null);
});

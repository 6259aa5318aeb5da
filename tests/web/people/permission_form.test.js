import assert from "node:assert/strict";
import test from "node:test";

import { bodyOf } from "../../../gns3trio/web/people/permission_form.js";

test("the body of a permission", () => {
  const values = { who: "user u1", what: "allow", role: "r1", where: "/projects/l1", other: "", below: "on" };
  assert.deepEqual(bodyOf(values), { ace_type: "user", user_id: "u1", role_id: "r1", path: "/projects/l1", allowed: true, propagate: true });
  const group = bodyOf({ who: "group g1", what: "deny", role: "r1", where: "other", other: "/templates" });
  assert.deepEqual(group, { ace_type: "group", group_id: "g1", role_id: "r1", path: "/templates", allowed: false, propagate: false });
});

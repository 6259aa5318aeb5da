import assert from "node:assert/strict";
import test from "node:test";

import { refusals } from "../../../gns3trio/web/people/account.js";

const ALL = ["Node.Allocate", "Node.Modify", "Node.PowerMgmt", "Node.Console", "Link.Allocate", "Link.Modify", "Link.Capture", "Project.Audit"];

test("what a user may not do is told once", () => {
  assert.equal(refusals(ALL), "");
  assert.equal(refusals(["Project.Audit", "Node.Audit"]), "You may look at this lab, but not change it.");
  assert.equal(refusals(ALL.filter((name) => name !== "Node.Console" && name !== "Link.Capture")), "In this lab you may not use consoles, capture.");
});

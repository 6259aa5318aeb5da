import assert from "node:assert/strict";
import test from "node:test";

import { baseScriptsOf, newTemplate, placeIn, sorted } from "../../../gns3trio/web/templates/template_values.js";

const TYPE = {
  template_type: "vpcs",
  fields: [
    { name: "name", is_required: true },
    { name: "compute_id", is_required: true, may_be_null: true },
    { name: "category", default: "guest" },
    { name: "ports", default: [{ number: 0 }] },
    { name: "base_script_file", default: "base.txt", suggested_by: "base_configs" },
  ],
};

test("a new template has what it cannot lack, and what is not as by default", () => {
  const values = { name: "A", compute_id: null, category: "router", ports: [{ number: 0 }], base_script_file: "base.txt" };
  assert.deepEqual(newTemplate(TYPE, values), { template_type: "vpcs", name: "A", compute_id: null, category: "router" });
});

test("a type that names base configurations has scripts, also in a built-in template", () => {
  assert.deepEqual(baseScriptsOf(TYPE, { base_script_file: "a.txt" }), ["a.txt"]);
  assert.deepEqual(baseScriptsOf(TYPE, { properties: { base_script_file: "b.txt" } }), ["b.txt"]);
  assert.deepEqual([baseScriptsOf(TYPE, {}), baseScriptsOf(undefined, { base_script_file: "a.txt" })], [[], []]);
});

test("own templates come before built-in ones", () => {
  const names = sorted([{ name: "VPCS", builtin: true }, { name: "R10" }, { name: "R9" }]).map(({ name }) => name);
  assert.deepEqual(names, ["R9", "R10", "VPCS"]);
});

test("a new node lies beside the others", () => {
  assert.deepEqual(placeIn([]), { x: 0, y: 0 });
  assert.deepEqual(placeIn([{ x: 5, y: 7 }, { x: -100, y: 900 }]), { x: 125, y: 7 });
});

import assert from "node:assert/strict";
import test from "node:test";

import { GROUPS, changesOf, fieldOf, valueOf } from "../../../gns3trio/web/lab_settings/settings_values.js";

const PROJECT = { name: "lab", auto_open: false, auto_start: false, auto_close: true, scene_width: 2000, scene_height: 1000, show_grid: false, snap_to_grid: false,
  grid_size: 75, drawing_grid_size: 25, show_interface_labels: false, supplier: null, variables: null };
const shown = () => Object.fromEntries(GROUPS.flatMap(([, fields]) => fields).map(({ name, type }) => [name, type === "checkbox" ? valueOf(PROJECT, name) : String(valueOf(PROJECT, name))]));

test("what was not changed is not sent", () => assert.deepEqual(changesOf(PROJECT, shown(), []), {}));

test("what was changed is sent", () => {
  const values = { ...shown(), name: "new", auto_start: true, grid_size: "50", "supplier.url": "https://example.org", "supplier.logo": "" };
  assert.deepEqual(changesOf(PROJECT, values, [{ name: " SITE ", value: "Bern" }, { name: "", value: "" }]), {
    name: "new", auto_start: true, grid_size: 50, supplier: { url: "https://example.org" }, variables: [{ name: "SITE", value: "Bern" }],
  });
});

test("a supplier keeps what the form does not show, and goes when it is empty", () => {
  const project = { ...PROJECT, supplier: { logo: "a.png", url: "http://a", more: 1 } };
  assert.deepEqual(changesOf(project, { ...shown(), "supplier.logo": "b.png", "supplier.url": "http://a" }, []), { supplier: { more: 1, logo: "b.png", url: "http://a" } });
  assert.deepEqual(changesOf({ ...PROJECT, supplier: { url: "http://a" } }, shown(), []), { supplier: null });
});

test("wrong values are named", () => {
  const wrong = (values, variables = []) => {
    try {
      changesOf(PROJECT, { ...shown(), ...values }, variables);
    } catch (error) {
      return fieldOf(error.message).name;
    }
    return null;
  };
  assert.equal(wrong({ grid_size: "1" }), "grid_size");
  assert.equal(wrong({ scene_width: "x" }), "scene_width");
  assert.equal(wrong({ "supplier.url": "javascript:alert(1)" }), "supplier.url");
  assert.equal(wrong({}, [{ name: "", value: "x" }]), "variables");
  assert.equal(wrong({}, [{ name: "a", value: "" }, { name: "a", value: "1" }]), "variables");
});

test("what the server refuses is shown at its field", () => {
  assert.equal(fieldOf("grid_size: is too large").name, "grid_size");
  assert.equal(fieldOf("variables[0].name: a variable has a name").name, "variables");
  assert.equal(fieldOf("Project name 'x' already exists").name, "name");
  assert.equal(fieldOf("The server does not answer."), null);
});

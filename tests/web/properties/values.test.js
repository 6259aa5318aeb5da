import assert from "node:assert/strict";
import test from "node:test";

import { MIXED, areAlike, bodyBefore, bodyOf, bytesOf, cellObjection, commonValue, errorPlace, grouped, objection, valueIn, whenText } from "../../../gns3trio/web/properties/values.js";

const NAME = { name: "name", place: "node", control: "text", label: "Name", group: "General", takes_effect: "now" };
const RAM = { name: "ram", place: "properties", control: "number", label: "Memory", group: "General", is_whole: true, minimum: 1, maximum: 100, default: 256, takes_effect: "start" };
const PORTS = { name: "ports_mapping", place: "properties", control: "table", label: "Ports", group: "Network", takes_effect: "now" };
const FIELDS = [NAME, RAM, PORTS];
const node = (name, properties) => ({ name, properties });

test("a value is in the node or in its properties, or else the default of its type", () => {
  assert.equal(valueIn(node("R1", { ram: 5 }), RAM), 5);
  assert.equal(valueIn(node("R1", {}), RAM), 256);
  assert.equal(valueIn(node("R1", {}), NAME), "R1");
  assert.equal(valueIn({ ram: 7 }, { ...RAM, place: undefined }), 7); // of a template
});

test("nodes with different values have none in common", () => {
  assert.equal(commonValue([node("a", { ram: 5 }), node("b", { ram: 5 })], RAM), 5);
  assert.equal(commonValue([node("a", { ram: 5 }), node("b", { ram: 6 })], RAM), MIXED);
});

test("nothing and an empty text are alike, and the order of keys does not matter", () => {
  assert.ok(areAlike(null, "") && areAlike([{ a: 1, b: 2 }], [{ b: 2, a: 1 }]) && areAlike({ a: 1, b: null }, { a: 1 }));
  assert.ok(!areAlike([1], [1, 2]) && !areAlike(0, "") && !areAlike({ a: 1 }, [1]) && !areAlike(false, null));
});

test("a change is sent to where the value is, and taken back by what was there", () => {
  const values = { name: "R2", ram: 9 };
  assert.deepEqual(bodyOf(FIELDS, values), { name: "R2", properties: { ram: 9 } });
  assert.deepEqual(bodyBefore(FIELDS, values, node("R1", { ram: 5, cpus: 2 })), { name: "R1", properties: { ram: 5 } });
});

test("an error of the server stands at the field, row and column that it names", () => {
  assert.deepEqual(errorPlace("properties.ram: must be >= 1", FIELDS), { field: RAM, row: null, column: null, text: "must be >= 1" });
  assert.deepEqual(errorPlace("properties.ports_mapping[2].vlan: must be <= 4094", FIELDS), { field: PORTS, row: 2, column: "vlan", text: "must be <= 4094" });
  assert.deepEqual(errorPlace("name: R1: is taken", FIELDS), { field: NAME, row: null, column: null, text: "R1: is taken" });
  for (const message of ["Node 'R1' is locked", "properties.cpus: no", "The server does not answer."]) assert.equal(errorPlace(message, FIELDS), null);
});

test("what is wrong is told before the server is asked", () => {
  assert.equal(objection(RAM, 50), "");
  assert.equal(objection(RAM, 0), "It must be from 1 to 100.");
  assert.equal(objection(RAM, 1.5), "Enter a whole number.");
  assert.equal(objection(RAM, NaN), "Enter a number.");
  assert.equal(objection(RAM, null), "This must not be empty.");
  assert.equal(objection({ ...RAM, maximum: undefined }, 0), "It must be at least 1.");
  assert.equal(objection({ ...NAME, is_required: true }, ""), "This must not be empty.");
  assert.equal(objection({ ...NAME, max_length: 3 }, "abcd"), "It is longer than 3 characters.");
  assert.equal(objection({ control: "script", max_length: 3 }, "é€"), "It is longer than 3 bytes.");
  assert.equal(objection({ ...PORTS, max_length: 1 }, [{}, {}]), "There are more than 1.");
  assert.equal(bytesOf("é€"), 5);
});

test("the first wrong cell of a table is told", () => {
  const table = { columns: [{ name: "vlan", control: "number", is_whole: true, minimum: 1, maximum: 4094 }, { name: "name", control: "text", is_required: true, is_shown: false }] };
  assert.deepEqual(cellObjection(table, [{ vlan: 1 }, { vlan: 5000 }]), { row: 1, column: "vlan", text: "It must be from 1 to 4094." });
  assert.equal(cellObjection(table, [{ vlan: 4094, name: "" }, {}]), null);
});

test("what takes effect later is told for nodes that run", () => {
  assert.equal(whenText([RAM, NAME], ["R1"]), "Memory takes effect when R1 starts the next time.");
  assert.equal(whenText([RAM, { ...RAM, label: "CPUs" }], ["R1", "R2"]), "Memory, CPUs take effect when they start the next time.");
  assert.equal(whenText([RAM], []) + whenText([NAME], ["R1"]), "");
});

test("groups have an order, and unknown ones come last", () => {
  const groups = grouped([{ group: "Rare" }, { group: "Network" }, { group: "General" }, { group: "Network" }]);
  assert.deepEqual(groups.map(([name, members]) => [name, members.length]), [["General", 1], ["Network", 2], ["Rare", 1]]);
});

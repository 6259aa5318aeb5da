import assert from "node:assert/strict";
import test from "node:test";

import { addRows, completed, newRow, readRange, removeRange, setInRange, shownColumns } from "../../../gns3trio/web/properties/rows.js";

const ONLY_QINQ = { column: "type", values: ["qinq"] };
const SWITCH = [
  { name: "port_number", control: "number", is_required: true },
  { name: "type", control: "choice", is_required: true, choices: [{ value: "access" }, { value: "qinq" }] },
  { name: "vlan", control: "number", default: 1 },
  { name: "ethertype", control: "choice", default: "", choices: [{ value: "" }], only_if: ONLY_QINQ },
  { name: "name", control: "text", is_required: true, is_shown: false, made_of: "Ethernet{port_number}" },
];
const CLOUD = [
  { name: "interface", control: "text" },
  { name: "name", control: "text", is_required: true, made_of: "{interface}" },
  { name: "port_number", control: "number", is_required: true, is_shown: false, made_of: "{row}" },
];
const ports = (...numbers) => numbers.map((number) => Object.assign(newRow(SWITCH, [], null), { port_number: number }));

test("a new row has the defaults and the next number", () => {
  assert.deepEqual(newRow(SWITCH, ports(0, 7), "port_number"), { port_number: 8, type: "access", vlan: 1, ethertype: "", name: "" });
  assert.equal(newRow(SWITCH, [], "port_number").port_number, 0);
  assert.deepEqual(addRows(ports(3), SWITCH, "port_number", 2).map((row) => row.port_number), [3, 4, 5]);
});

test("rows are completed as the server takes them", () => {
  const [row] = completed([{ ...ports(3)[0], name: "Old", colour: "red" }], SWITCH);
  assert.deepEqual(row, { colour: "red", port_number: 3, type: "access", vlan: 1, name: "Ethernet3" });
  assert.deepEqual(completed([{ interface: "eth0", name: "" }, { interface: "eth1", name: "up" }], CLOUD),
    [{ interface: "eth0", name: "eth0", port_number: 0 }, { interface: "eth1", name: "up", port_number: 1 }]);
});

test("a column is shown if it matters in a row", () => {
  const names = (rows) => shownColumns(SWITCH, rows).map(({ name }) => name);
  assert.deepEqual(names(ports(0)), ["port_number", "type", "vlan"]);
  assert.deepEqual(names([...ports(0), { ...ports(1)[0], type: "qinq" }]), ["port_number", "type", "vlan", "ethertype"]);
});

test("a range names numbers", () => {
  assert.deepEqual(readRange("1-3, 10 ,7–8"), [1, 2, 3, 7, 8, 10]);
  for (const text of ["", " , ", "a", "3-1", "1-", "-1", "0-999999999", "1.5"]) assert.throws(() => readRange(text), Error, text);
});

test("several rows are set or removed at once", () => {
  const rows = ports(0, 1, 2, 3);
  assert.deepEqual(setInRange(rows, "port_number", "1-2", { vlan: 10 }).map(({ vlan }) => vlan), [1, 10, 10, 1]);
  assert.deepEqual(removeRange(rows, "port_number", "0, 3").map((row) => row.port_number), [1, 2]);
  assert.throws(() => setInRange(rows, "port_number", "3-5", { vlan: 10 }), /There is no 4, 5\./);
  assert.deepEqual(rows.map(({ vlan }) => vlan), [1, 1, 1, 1]);
});

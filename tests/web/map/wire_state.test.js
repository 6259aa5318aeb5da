import assert from "node:assert/strict";
import test from "node:test";

import { faultOf, paceOf, wireState } from "../../../gns3trio/web/map/wire_state.js";

const NAMES = ["PC1", "SW1"];
const condition = (direction, rest = {}) => ({ text: "loss 5 %", direction, blocks: false, narrows: false, ...rest });
const stateOf = (conditions, rest = {}) => wireState({ conditions, suspended: false, broken: false, names: NAMES, arrows: ["→", "←"], ...rest });

test("a link without conditions is a plain wire", () => {
  assert.deepEqual(stateOf([]), { cut: null, narrow: false, marks: [null, null], texts: [], said: "" });
});

test("a condition of one direction is marked at the node that sends", () => {
  assert.deepEqual(stateOf([condition("a_to_b")]).marks, ["impaired", null]);
  assert.deepEqual(stateOf([condition("b_to_a")]).marks, [null, "impaired"]);
  assert.deepEqual(stateOf([condition("b_to_a", { narrows: true }), condition("b_to_a")]).marks, [null, "narrow"]);
  assert.deepEqual(stateOf([condition("both")]).marks, [null, null]);
});

test("a link is cut if nothing passes in either direction", () => {
  const blocks = { blocks: true };
  assert.equal(stateOf([condition("both", blocks)]).cut, "blocked");
  assert.equal(stateOf([condition("a_to_b", blocks), condition("b_to_a", blocks)]).cut, "blocked");
  assert.deepEqual([stateOf([condition("a_to_b", blocks)]).cut, stateOf([condition("a_to_b", blocks)]).marks], [null, ["blocked", null]]);
  assert.equal(stateOf([], { suspended: true }).cut, "suspended");
  assert.equal(stateOf([condition("both", blocks)], { broken: true, suspended: true }).cut, "broken");
  assert.deepEqual(stateOf([condition("a_to_b")], { suspended: true }).marks, [null, null]);
});

test("a link is narrow if its rate is limited in both directions", () => {
  const limited = { narrows: true };
  assert.deepEqual([stateOf([condition("both", limited)]).narrow, stateOf([condition("both", limited)]).marks], [true, ["narrow", "narrow"]]);
  assert.equal(stateOf([condition("a_to_b", limited)]).narrow, false);
  assert.equal(stateOf([condition("a_to_b", limited), condition("b_to_a", limited)]).narrow, true);
});

test("what is set on a link is told, and beside the wire as far as there is room", () => {
  const some = stateOf([condition("a_to_b"), condition("both", { text: "delay 20 ms" })], { suspended: true });
  assert.deepEqual(some.texts, ["loss 5 % →", "delay 20 ms", "suspended"]);
  assert.equal(some.said, "loss 5 % PC1 → SW1, delay 20 ms, suspended");
  const many = stateOf(Array.from({ length: 6 }, () => condition("both")), { broken: true });
  assert.deepEqual(many.texts, ["broken", "loss 5 %", "loss 5 %", "+4 more"]);
  assert.equal(many.said.split(", ").length, 7);
});

test("traffic moves faster the more there is, and not at all without", () => {
  assert.equal(paceOf(0), null);
  const paces = [1, 1e5, 1e7, 1e10].map(paceOf);
  assert.deepEqual(paces, paces.toSorted((a, b) => b - a));
  assert.equal(new Set(paces).size, 4);
});

test("a link is not broken because a node at its end does not run here; one of a host that is away is", () => {
  const link = { link_id: "link", nodes: [{ node_id: "pc" }, { node_id: "router" }] };
  const lab = (problems, away = false) => ({
    problems: new Map(problems.map((id) => [id, "why"])), nodes: new Map([["pc", {}], ["router", {}]]), hosts: { of: () => (away ? { away } : null) },
  });
  assert.equal(faultOf(lab(["router"]), link), null);
  assert.equal(faultOf(lab(["link"]), link), "broken");
  assert.equal(faultOf(lab(["link", "router"]), link), "kept");
  assert.equal(faultOf(lab(["link", "router"], true), link), "broken");
  assert.equal(faultOf(lab(["link", "gone"]), { ...link, nodes: [{ node_id: "gone" }] }), "broken");
});

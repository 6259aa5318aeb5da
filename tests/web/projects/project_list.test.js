import assert from "node:assert/strict";
import test from "node:test";

import { agoText, contentsOf, freeName, listed, stateOf } from "../../../gns3trio/web/projects/project_list.js";

const projects = [
  { project_id: "a", name: "lab 10", status: "closed" },
  { project_id: "b", name: "Lab 2", status: "opened" },
  { project_id: "c", name: "campus", status: "opened" },
];
const summaries = new Map([
  ["a", { nodes: 7, links: 6, started: 0, changed_at: 300 }],
  ["b", { nodes: 1, links: 0, started: 0, changed_at: 100 }],
  ["c", { nodes: null, links: null, started: 12, changed_at: 200 }],
]);
const names = (options) => listed(projects, summaries, options).map(({ name }) => name);

test("projects are in the order that was asked for, and those that are alike by name", () => {
  assert.deepEqual(names(), ["campus", "Lab 2", "lab 10"]);
  assert.deepEqual(names({ turned: true }), ["lab 10", "Lab 2", "campus"]);
  assert.deepEqual(names({ order: "nodes" }), ["lab 10", "Lab 2", "campus"]); // what is not known is last
  assert.deepEqual(names({ order: "changed" }), ["lab 10", "campus", "Lab 2"]);
  assert.deepEqual(names({ order: "status" }), ["campus", "Lab 2", "lab 10"]);
  assert.deepEqual(names({ order: "toString" }), names());
});

test("words are found in names, whatever their case", () => {
  assert.deepEqual(names({ text: "LAB" }), ["Lab 2", "lab 10"]);
  assert.deepEqual(names({ text: " 10  lab " }), ["lab 10"]);
  assert.deepEqual(names({ text: "none" }), []);
});

test("a project of which nothing is known yet", () => {
  const [one] = listed([projects[1]], new Map());
  assert.deepEqual([stateOf(one), contentsOf(one), agoText(one.changedAt, 0)], ["open", "", ""]);
});

test("what runs and what it contains", () => {
  const rows = listed(projects, summaries);
  assert.deepEqual(rows.map(stateOf), ["12 running", "open", "closed"]);
  assert.deepEqual(rows.map(contentsOf), ["", "1 node, 0 links", "7 nodes, 6 links"]);
});

test("times are told as people do", () => {
  const now = 1_000_000_000;
  const ago = (seconds) => agoText(now - seconds, now);
  assert.deepEqual([ago(-5), ago(59), ago(60), ago(3599), ago(3600), ago(7200)], ["just now", "just now", "1 min ago", "59 min ago", "1 hour ago", "2 hours ago"]);
  assert.deepEqual([ago(86_400), ago(13 * 86_400), ago(20 * 86_400)], ["1 day ago", "13 days ago", "2001-08-20"]);
});

test("a name that is free", () => {
  assert.equal(freeName("Two VLANs", []), "Two VLANs");
  assert.equal(freeName("Two VLANs", ["two vlans", "Two VLANs 2"]), "Two VLANs 3");
});

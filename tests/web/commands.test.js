import assert from "node:assert/strict";
import test from "node:test";

import { Commands, keyOf } from "../../gns3trio/web/commands.js";

const MAP = { kind: "map", ids: [], point: null };
const NODE = { kind: "node", ids: ["n1"], point: null };

function table(target = MAP) {
  const errors = [];
  const rights = { missing: new Set(), refreshed: 0, refusal: (name) => (rights.missing.has(name) ? `You may not (${name}).` : ""), refresh: () => { rights.refreshed += 1; } };
  const commands = new Commands({ targetOf: () => target, onError: (error) => errors.push(error.message), rights });
  return { commands, errors, rights };
}

const pressed = (key, ...modifiers) => ({ key, ctrlKey: modifiers.includes("ctrl"), metaKey: modifiers.includes("meta"), shiftKey: modifiers.includes("shift"), altKey: modifiers.includes("alt") });

test("keys have one name, whatever the keyboard", () => {
  assert.equal(keyOf(pressed("z", "ctrl")), "Ctrl+Z");
  assert.equal(keyOf(pressed("Z", "ctrl", "shift")), "Ctrl+Shift+Z");
  assert.equal(keyOf(pressed("z", "meta")), "Ctrl+Z");
  assert.equal(keyOf(pressed("?", "shift")), "?"); // with Shift or without, as the keyboard has it
  assert.equal(keyOf(pressed("F10", "shift")), "Shift+F10");
  assert.equal(keyOf(pressed(" ", "ctrl")), "Ctrl+Space");
  assert.equal(keyOf(pressed("ArrowUp", "alt")), "Alt+Up");
  assert.equal(keyOf(pressed("Shift", "shift")), null);
  assert.equal(keyOf(pressed(undefined)), null); // a browser that fills in a form
});

test("a place shows its commands by group, in the order in which they were added", () => {
  const { commands } = table();
  commands.add(
    { id: "mesh", title: "Mesh", group: "tools", where: ["toolbar"], run() {} },
    { id: "undo", title: "Undo", group: "edit", where: ["toolbar"], run() {} },
    { id: "redo", title: "Redo", group: "edit", where: ["toolbar", "map"], run() {} },
    { id: "hidden", title: "Hidden", group: "add", where: ["toolbar"], isShown: ({ kind }) => kind === "node", run() {} },
  );
  assert.deepEqual(commands.at("toolbar", MAP).map(({ id }) => id), ["undo", "redo", "mesh"]);
  assert.deepEqual(commands.at("toolbar", NODE).map(({ id }) => id), ["hidden", "undo", "redo", "mesh"]);
  assert.deepEqual(commands.at("map", MAP).map(({ id }) => id), ["redo"]);
});

test("what deletes is the last of its group", () => {
  const { commands } = table(NODE);
  for (const [id, isDangerous] of [["delete", true], ["copy", false]]) commands.add({ id, title: id, group: "edit", where: ["node"], isDangerous, run() {} });
  commands.add({ id: "start", title: "Start", group: "run", where: ["node"], run() {} });
  assert.deepEqual(commands.at("node", NODE).map(({ id }) => id), ["copy", "delete", "start"]);
});

test("a group that there is not is an error of the page", () => {
  const { commands } = table();
  assert.throws(() => commands.add({ id: "a", title: "A", group: "other", run() {} }), /other/);
});

test("what is not possible says why, and does nothing", async () => {
  const { commands, errors, rights } = table(NODE);
  const done = [];
  commands.add(
    { id: "locked", title: "Delete", group: "edit", whyNot: () => "PC1 is locked.", run: () => done.push("locked") },
    { id: "allowed", title: "Start", group: "run", privilege: "Node.PowerMgmt", run: () => done.push("allowed") },
    { id: "off", title: "Stop", group: "run", isEnabled: () => false, run: () => done.push("off") },
  );
  await commands.run("locked");
  await commands.run("off");
  await commands.run("allowed"); // it is not known yet what the user may do: the server decides
  rights.missing.add("Node.PowerMgmt");
  await commands.run("allowed");
  assert.deepEqual(done, ["allowed"]);
  assert.equal(errors[0], "PC1 is locked.");
  assert.equal(errors[2], "You may not (Node.PowerMgmt).");
  assert.equal(rights.refreshed, 1); // somebody may have given it meanwhile
});

test("a command may need several privileges, which depend on its target", () => {
  const { commands, rights } = table(NODE);
  commands.add({ id: "delete", title: "Delete", group: "edit", privilege: ({ ids }) => ids.map((id) => (id[0] === "n" ? "Node.Allocate" : "Link.Allocate")), run() {} });
  rights.missing.add("Link.Allocate");
  assert.equal(commands.refusal(commands.get("delete"), NODE), "");
  assert.equal(commands.refusal(commands.get("delete"), { kind: "several", ids: ["n1", "l1"] }), "You may not (Link.Allocate).");
});

test("an error of a command is told, whether it comes at once or later", async () => {
  const { commands, errors } = table();
  commands.add(
    { id: "now", title: "A", group: "edit", run: () => { throw new Error("now"); } },
    { id: "later", title: "B", group: "edit", run: async () => { throw new Error("later"); } },
  );
  await commands.run("now");
  await commands.run("later");
  assert.deepEqual(errors, ["now", "later"]);
});

test("keys run the command that is shown for the target", () => {
  const { commands } = table(NODE);
  const done = [];
  commands.add(
    { id: "of-links", title: "A", group: "edit", keys: ["Delete"], isShown: ({ kind }) => kind === "link", run: () => done.push("link") },
    { id: "of-nodes", title: "B", group: "edit", keys: ["Delete", "Backspace"], isShown: ({ kind }) => kind === "node", run: ({ ids }) => done.push(ids[0]) },
  );
  assert.ok(commands.press(pressed("Backspace"), true));
  assert.ok(!commands.press(pressed("x"), true));
  assert.deepEqual(done, ["n1"]);
});

test("beside the map only the keys work that work everywhere", () => {
  const { commands } = table();
  const done = [];
  commands.add({ id: "find", title: "Find", group: "view", keysEverywhere: ["/"], keys: ["Ctrl+F"], run: () => done.push(1) });
  assert.ok(!commands.press(pressed("f", "ctrl"), false));
  assert.ok(commands.press(pressed("/"), false));
  assert.ok(commands.press(pressed("f", "ctrl"), true));
  assert.equal(done.length, 2);
});

test("a button tells its hint and its key, or why it cannot be pressed", () => {
  const { commands } = table();
  const undo = { id: "undo", title: ({ kind }) => `Undo on the ${kind}`, hint: () => "Undo: Move PC1", group: "edit", keysEverywhere: ["Ctrl+Z"], run() {} };
  commands.add(undo);
  assert.equal(commands.title(undo), "Undo on the map");
  assert.equal(commands.describe(undo, MAP), "Undo: Move PC1 (Ctrl+Z)");
  undo.whyNot = () => "There is nothing to undo.";
  assert.equal(commands.describe(undo, MAP), "There is nothing to undo. (Ctrl+Z)");
});

test("the list of keys has those of commands and others, by group", () => {
  const { commands } = table();
  commands.add({ id: "find", title: "Find", group: "view", keysEverywhere: ["/"], keys: ["Ctrl+F"], run() {} }, { id: "fit", title: "Fit", group: "view", run() {} });
  commands.addKeys({ title: "Move what is selected", keys: ["Shift+arrows"], group: "edit" });
  assert.deepEqual(commands.keys().map(([group, rows]) => [group, rows.map(({ title, keys }) => [title, keys])]), [
    ["edit", [["Move what is selected", ["Shift+arrows"]]]],
    ["view", [["Find", ["/", "Ctrl+F"]]]],
  ]);
});

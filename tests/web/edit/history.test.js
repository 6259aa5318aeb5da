import assert from "node:assert/strict";
import test from "node:test";

import { History } from "../../../gns3trio/web/edit/history.js";
import { id, L1, made, move, N1, N2, nodeAt, P, Server, Storage, xOf } from "./small_server.js";

test("a change is undone and redone, with its text", async () => {
  const server = new Server(nodeAt(1));
  const history = made(server);
  assert.deepEqual([history.undoText, history.redoText], [null, null]);
  await move(history, 1, 50);
  assert.equal(history.undoText, "Move PC1");
  assert.equal(await history.undo(), "Move PC1");
  assert.deepEqual([xOf(server, 1), history.undoText, history.redoText], [0, null, "Move PC1"]);
  assert.equal(await history.redo(), "Move PC1");
  assert.equal(xOf(server, 1), 50);
});

test("there is an end of what can be undone and redone", async () => {
  const history = made(new Server());
  assert.ok(!history.canUndo);
  await assert.rejects(history.undo(), /nothing to undo/);
  await assert.rejects(history.redo(), /nothing to redo/);
});

test("a new change ends what could be redone", async () => {
  const server = new Server(nodeAt(1));
  const history = made(server);
  await move(history, 1, 50);
  await history.undo();
  await move(history, 1, 70);
  assert.deepEqual([history.undoText, history.redoText], ["Move PC1", null]);
});

test("changes are undone in turn, also if the user is faster than the server", async () => {
  const server = new Server({ ...nodeAt(1), ...nodeAt(2) });
  const history = made(server);
  const first = move(history, 1, 5);
  assert.ok(history.canUndo); // it will be possible
  await first;
  await history.undo();
  const texts = await Promise.all([move(history, 1, 10), move(history, 2, 20), history.undo(), history.undo()]);
  assert.deepEqual(texts.slice(2), ["Move PC2", "Move PC1"]);
  assert.deepEqual([xOf(server, 1), xOf(server, 2)], [0, 0]);
});

test("a redo creates the same object, also what the server has chosen", async () => {
  const server = new Server();
  const history = made(server);
  const redo = [{ method: "POST", path: `${P}/nodes`, body: { node_id: N1, name: "PC{0}", x: 3 } }];
  const [node] = await history.make(([reply]) => `Add ${reply.name}`, redo, [{ method: "DELETE", path: `${P}/nodes/${N1}` }]);
  assert.deepEqual([node.name, history.undoText], ["PC1", "Add PC1"]);
  await history.undo();
  assert.equal(server.objects.size, 0);
  await history.redo();
  assert.equal(server.objects.get(`${P}/nodes/${N1}`).name, "PC1");
});

test("if a request fails, what was done is taken back, and nothing else", async () => {
  const server = new Server({ ...nodeAt(1), ...nodeAt(2), ...nodeAt(3) });
  server.refuses = (method, path) => method === "PUT" && path.endsWith(id(2));
  const history = made(server);
  const undo = [1, 2, 3].map((number) => ({ method: "PUT", path: `${P}/nodes/${id(number)}`, body: { x: 0 } }));
  const redo = [1, 2, 3].map((number) => ({ method: "PUT", path: `${P}/nodes/${id(number)}`, body: { x: 9 } }));
  redo.splice(1, 0, { method: "PUT", path: `${P}/links/${id(9)}` }); // is not there
  await assert.rejects(history.make("Move", redo, undo), /is not there/);
  assert.deepEqual([1, 2, 3].map((number) => xOf(server, number)), [0, 0, 0]);
  assert.deepEqual(server.sent, [`PUT /nodes/${N1}`, `PUT /links/${id(9)}`, `PUT /nodes/${N1}`]);
  assert.equal(history.undoText, null);
});

test("if a deletion cannot be undone whole, it stays", async () => {
  const link = { link_id: L1, nodes: [{ node_id: N1 }, { node_id: N2 }] };
  const server = new Server({ ...nodeAt(1), ...nodeAt(2), [`${P}/links/${L1}`]: link });
  const history = made(server);
  await history.make("Delete PC1", [{ method: "DELETE", path: `${P}/nodes/${N1}` }],
    [{ method: "POST", path: `${P}/nodes`, body: { node_id: N1, name: "PC1" } }, { method: "POST", path: `${P}/links`, body: link }]);
  server.refuses = (method, path) => method === "POST" && path.endsWith("/links"); // the other port is in use now
  await assert.rejects(history.undo(), /refused/);
  assert.deepEqual([...server.objects.keys()], [`${P}/nodes/${N2}`]);
  server.refuses = () => false;
  await history.undo(); // it can be tried again
  assert.equal(server.objects.size, 3);
  await history.redo(); // the link is known, which goes with its node
  assert.deepEqual([...server.objects.keys()], [`${P}/nodes/${N2}`]);
});

test("what could not be taken back is told", async () => {
  const server = new Server({ ...nodeAt(1), ...nodeAt(2) });
  server.refuses = (method, path) => server.sent.length > 1 && path.includes("/nodes/");
  const redo = [1, 2].map((number) => ({ method: "PUT", path: `${P}/nodes/${id(number)}`, body: { x: 9 } }));
  await assert.rejects(made(server).make("Move", redo, redo), /refused.*Not all of the change could be taken back/);
});

test("what somebody else has changed meanwhile is not overwritten, and the change before it can be undone", async () => {
  const server = new Server({ ...nodeAt(1), ...nodeAt(2) });
  const history = made(server);
  await move(history, 2, 5);
  await move(history, 1, 50);
  server.objects.get(`${P}/nodes/${N1}`).x = 77;
  await assert.rejects(history.undo(), /“Move PC1” cannot be undone: PC1 was changed meanwhile by somebody else\./);
  assert.deepEqual([xOf(server, 1), xOf(server, 2), history.undoText], [77, 5, "Move PC2"]);
  await history.undo();
  assert.equal(xOf(server, 2), 0);
});

test("a change of another field is no conflict", async () => {
  const server = new Server(nodeAt(1));
  const history = made(server);
  await move(history, 1, 50);
  Object.assign(server.objects.get(`${P}/nodes/${N1}`), { name: "R1", status: "started" });
  await history.undo();
  assert.equal(xOf(server, 1), 0);
});

test("an object that is gone, or there again, is a conflict", async () => {
  const server = new Server(nodeAt(1));
  const history = made(server);
  await move(history, 1, 50);
  server.objects.clear();
  await assert.rejects(history.undo(), /PC1 was deleted meanwhile/);
  server.objects = new Map(Object.entries(nodeAt(1)));
  await history.make("Delete PC1", [{ method: "DELETE", path: `${P}/nodes/${N1}` }], [{ method: "POST", path: `${P}/nodes`, body: { node_id: N1, name: "PC1" } }]);
  server.objects = new Map(Object.entries(nodeAt(1)));
  await assert.rejects(history.undo(), /PC1 is there again/);
});

test("a node that has got a link is not deleted by an undo, nor does one take a name that is in use", async () => {
  const server = new Server(nodeAt(2));
  const history = made(server);
  const creation = { method: "POST", path: `${P}/nodes`, body: { node_id: N1, name: "PC1" } };
  const deletion = { method: "DELETE", path: `${P}/nodes/${N1}` };
  await history.make("Add PC1", [creation], [deletion]);
  server.objects.set(`${P}/links/${L1}`, { link_id: L1, nodes: [{ node_id: N1 }, { node_id: N2 }] });
  await assert.rejects(history.undo(), /would delete a link/);
  await history.make("Delete PC1", [deletion], [creation]);
  Object.assign(server.objects.get(`${P}/nodes/${N2}`), { name: "PC1" });
  await assert.rejects(history.undo(), /another node has the name PC1/);
});

test("many objects are compared by one request, and some requests are sent at a time", async () => {
  const numbers = Array.from({ length: 40 }, (_, place) => place + 1);
  const server = new Server(Object.assign({}, ...numbers.map((number) => nodeAt(number))));
  const history = made(server);
  const changes = numbers.map((number) => ({ path: `${P}/nodes/${id(number)}`, before: { x: 0 }, fields: { x: 1 } }));
  await history.change("Move 40 nodes", changes);
  assert.ok(server.most > 1 && server.most <= 6);
  await history.undo();
  assert.ok(numbers.every((number) => xOf(server, number) === 0));
});

test("drawings are created one after the other, because they lie on each other in that order", async () => {
  const server = new Server();
  const ids = [21, 22, 23].map(id);
  await made(server).make("Paste", ids.map((drawing_id) => ({ method: "POST", path: `${P}/drawings`, body: { drawing_id } })), []);
  assert.equal(server.most, 1);
});

test("what follows soon and belongs together is undone together", async () => {
  const server = new Server(nodeAt(1));
  let now = 0;
  const history = made(server, { now: () => now });
  const slide = (x, before) => history.change("Move PC1", [{ path: `${P}/nodes/${N1}`, before: { x: before }, fields: { x } }], { joins: "slide" });
  await slide(10, 0);
  now += 500;
  await slide(20, 10);
  now += 5000;
  await slide(30, 20);
  await history.undo();
  assert.equal(xOf(server, 1), 20);
  await history.undo();
  assert.equal(xOf(server, 1), 0);
  await history.redo();
  assert.equal(xOf(server, 1), 20);
  await slide(40, 20); // a redo ends what joins
  await history.undo();
  assert.equal(xOf(server, 1), 20);
});

test("changes outlive a reload", async () => {
  const server = new Server(nodeAt(1));
  const storage = new Storage();
  const history = made(server, { storage });
  await move(history, 1, 50);
  await move(history, 1, 60, 50);
  await history.undo();
  const after = made(server, { storage });
  assert.deepEqual([after.undoText, after.redoText], ["Move PC1", "Move PC1"]);
  await after.redo();
  assert.equal(xOf(server, 1), 60);
});

test("a storage that is full or holds something else is no storage", async () => {
  const server = new Server(nodeAt(1));
  const storage = new Storage();
  storage.setItem("h", "no JSON");
  storage.setItem = () => { throw new Error("full"); };
  const history = made(server, { storage });
  await move(history, 1, 50);
  await history.undo();
  assert.equal(xOf(server, 1), 0);
});

test("old changes are dropped if there are too many or too large ones", async () => {
  const server = new Server();
  const storage = new Storage();
  const history = made(server, { storage });
  for (let number = 0; number < 210; number += 1) history.record(`Change ${number}`, [], []);
  assert.equal(history.done.length, 200);
  assert.equal(history.done[0].text, "Change 10");
  history.record("Large", [{ method: "POST", path: `${P}/drawings`, body: { svg: "x".repeat(999_000) } }], []);
  assert.ok(history.done.length < 20);
  assert.equal(history.undoText, "Large");
  assert.ok(storage.getItem("h").length <= 1_000_000);
});

test("each reply is told, and each change of what can be undone", async () => {
  const server = new Server(nodeAt(1));
  const [replies, changes] = [[], []];
  const history = new History({ key: "h", send: server.send, storage: new Storage(), onReply: ({ method }, reply) => replies.push([method, reply.x]), onChange: () => changes.push(history.undoText) });
  await move(history, 1, 50);
  await history.undo();
  assert.deepEqual(replies, [["PUT", 50], ["PUT", 0]]);
  assert.deepEqual(changes, ["Move PC1", null]);
});

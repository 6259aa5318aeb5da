import assert from "node:assert/strict";
import test from "node:test";

import { History } from "../../../gns3trio/web/edit/history.js";

const P = "/v2/projects/p";
const id = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const [N1, N2, L1] = [id(1), id(2), id(11)];

const settle = () => new Promise((done) => { setImmediate(done); });

// A server with objects by path, which answers as ours does.
class Server {
  constructor(objects = {}) {
    this.objects = new Map(Object.entries(objects));
    this.sent = [];
    this.refuses = () => false;
    [this.running, this.most] = [0, 0];
  }

  send = async ({ method, path, body, text }) => {
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await settle();
    this.running -= 1;
    if (method !== "GET") this.sent.push(`${method} ${path.replace(P, "")}`);
    if (this.refuses(method, path)) throw Object.assign(new Error(`${path} is refused.`), { status: 409 });
    if (text !== undefined) return null;
    if (method === "POST") return this.create(path, body);
    if (method === "GET" && /\/(nodes|links|drawings)$/.test(path)) return this.list(path);
    if (!this.objects.has(path)) throw Object.assign(new Error(`${path} is not there.`), { status: 404 });
    if (method === "DELETE") this.delete(path);
    if (method === "PUT") this.objects.set(path, { ...this.objects.get(path), ...body });
    return method === "DELETE" ? null : this.objects.get(path);
  };

  list(path) {
    const [, node] = /nodes\/([^/]+)\/links$/.exec(path) ?? [];
    const all = [...this.objects].filter(([each]) => each.replace(/\/[^/]+$/, "") === path.replace(/\/nodes\/[^/]+\/links$/, "/links")).map(([, object]) => object);
    return node ? all.filter((link) => link.nodes.some((end) => end.node_id === node)) : all;
  }

  create(path, body) {
    const own = `${path}/${body.link_id ?? body.node_id ?? body.drawing_id}`;
    if (!this.objects.has(own)) this.objects.set(own, { status: "stopped", ...body, ...(body.name && { name: body.name.replace("{0}", "1") }) });
    return this.objects.get(own);
  }

  delete(path) {
    this.objects.delete(path);
    for (const [other, { nodes }] of this.objects) if (nodes?.some((end) => path.endsWith(end.node_id))) this.objects.delete(other);
  }
}

class Storage {
  items = new Map();
  getItem(key) { return this.items.get(key) ?? null; }
  setItem(key, text) { this.items.set(key, text); }
  removeItem(key) { this.items.delete(key); }
}

const nodeAt = (number, fields = {}) => ({ [`${P}/nodes/${id(number)}`]: { node_id: id(number), name: `PC${number}`, x: 0, y: 0, ...fields } });

function made(server, { storage = new Storage(), now } = {}) {
  return new History({ key: "h", send: server.send, storage, ...(now && { now }) });
}

const move = (history, number, x, before = 0) => history.change(`Move PC${number}`, [{ path: `${P}/nodes/${id(number)}`, before: { x: before }, fields: { x } }]);
const xOf = (server, number) => server.objects.get(`${P}/nodes/${id(number)}`)?.x;

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

const ALL = Array.from({ length: 30 }, (_, place) => place + 1);
const creation = ALL.map((number) => ({ method: "POST", path: `${P}/nodes`, body: { node_id: id(number), name: `PC${number}` } }));
const deletion = ALL.map((number) => ({ method: "DELETE", path: `${P}/nodes/${id(number)}` }));

// The page is left when the server has answered so many requests: nothing that it does afterwards happens.
function leaving(server, storage, after) {
  let left = after;
  const send = (each) => (left-- > 0 ? server.send(each) : new Promise(() => {}));
  return new History({ key: "h", send, storage });
}

test("a change that the page was left in can be undone: what was done of it", async () => {
  const [server, storage] = [new Server(), new Storage()];
  leaving(server, storage, 20).make("Paste 30 nodes", creation, deletion);
  while (server.objects.size < 20) await settle();
  const after = made(server, { storage });
  assert.match(after.interrupted, /“Paste 30 nodes” was perhaps not wholly done when this page was left\. Undo takes back/);
  await after.undo();
  assert.equal(server.objects.size, 0);
  await after.redo(); // it is a change as any other
  assert.equal(server.objects.size, 30);
  assert.equal(made(server, { storage }).interrupted, null);
});

test("an undo and a redo that the page was left in do the rest at the next time", async () => {
  const [server, storage] = [new Server(), new Storage()];
  await made(server, { storage }).make("Paste 30 nodes", creation, deletion);
  leaving(server, storage, 15).undo();
  while (server.objects.size > 20) await settle();
  const second = made(server, { storage });
  assert.match(second.interrupted, /not wholly undone.*Undo does the rest/);
  await second.undo();
  assert.equal(server.objects.size, 0);
  leaving(server, storage, 15).redo();
  while (server.objects.size < 10) await settle();
  const third = made(server, { storage });
  assert.match(third.interrupted, /not wholly redone.*Redo does the rest/);
  assert.equal(third.redoText, "Paste 30 nodes");
  await third.redo();
  assert.equal(server.objects.size, 30);
});

test("what could not be taken back because the server went away is taken back by an undo", async () => {
  const server = new Server();
  const history = made(server);
  const { send } = server;
  history.send = async (each) => {
    if (server.objects.size >= 12) throw new Error("The server does not answer.");
    return send(each);
  };
  await assert.rejects(history.make("Paste 30 nodes", creation, deletion), /does not answer.*Not all of the change could be taken back.*Undo or redo tries it again/);
  assert.equal(history.undoText, "Paste 30 nodes");
  await assert.rejects(history.undo(), /does not answer/); // still away
  assert.equal(history.undoText, "Paste 30 nodes");
  history.send = send;
  await history.undo();
  assert.equal(server.objects.size, 0);
});

test("what the server refuses of the rest is told, and what was changed before can be undone", async () => {
  const [server, storage] = [new Server(nodeAt(40)), new Storage()];
  const first = made(server, { storage });
  await move(first, 40, 5);
  leaving(server, storage, 20).make("Paste 30 nodes", creation, deletion);
  while (server.objects.size < 21) await settle();
  server.refuses = (method, path) => method === "DELETE" && path.endsWith(id(3)); // somebody has locked it
  const after = made(server, { storage });
  await assert.rejects(after.undo(), /“Paste 30 nodes” was not undone whole: .*refused/);
  assert.deepEqual([...server.objects.keys()], [`${P}/nodes/${id(40)}`, `${P}/nodes/${id(3)}`]);
  await after.undo();
  assert.equal(xOf(server, 40), 0);
});

test("what somebody else has deleted is not created again, because it was to be deleted", async () => {
  const server = new Server({ ...nodeAt(1), ...nodeAt(2) });
  const history = made(server);
  server.objects.delete(`${P}/nodes/${N1}`);
  await history.make("Delete both", deletion.slice(0, 2), creation.slice(0, 2));
  assert.equal(server.objects.size, 0);
  const other = new Server();
  const told = made(other);
  told.record("Add PC1", creation.slice(0, 1), deletion.slice(0, 1), [{ name: "PC1" }]);
  await assert.rejects(told.undo(), /PC1 was deleted meanwhile/);
  assert.equal(other.objects.size, 0);
});

test("a browser without room for changes is told once", async () => {
  const server = new Server(nodeAt(1));
  let told = 0;
  const history = new History({ key: "h", send: server.send, storage: null, onUnkept: () => { told += 1; } });
  await move(history, 1, 5);
  await history.undo();
  assert.deepEqual([told, xOf(server, 1)], [1, 0]);
});

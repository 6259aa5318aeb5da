import assert from "node:assert/strict";
import test from "node:test";

import { EventStream, ROOT, at, get, getStream, onForbidden, post, put, remove, request, requireFile, socketUrl } from "../../gns3trio/web/api.js";

// Answers requests with `reply` and notes them.
function answer(t, reply) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (path, options) => {
    asked.push({ path, ...options });
    return reply();
  });
  return asked;
}

test("paths lie below what the page itself lies below", () => {
  assert.ok(ROOT.endsWith("/")); // here the folder of the modules
  assert.equal(at("/v2/projects"), `${ROOT}v2/projects`);
});

test("a request carries JSON, and gives the JSON of the answer", async (t) => {
  const asked = answer(t, () => Response.json({ name: "lab" }, { status: 201 }));
  assert.deepEqual(await post("/v2/projects", { name: "lab" }), { name: "lab" });
  assert.deepEqual(asked, [{ path: at("/v2/projects"), cache: "no-cache", method: "POST", body: '{"name":"lab"}', headers: { "Content-Type": "application/json" } }]);
});

test("each method has its name; only those that need one have a body", async (t) => {
  const asked = answer(t, () => new Response(null, { status: 204 }));
  await get("/a");
  await remove("/b");
  await put("/c", { x: 1 });
  await post("/d");
  assert.deepEqual(asked.map(({ method, body }) => [method, body]), [["GET", undefined], ["DELETE", undefined], ["PUT", '{"x":1}'], ["POST", "{}"]]);
});

test("an answer without JSON is null", async (t) => {
  answer(t, () => new Response("text", { headers: { "content-type": "text/plain" } }));
  assert.equal(await get("/v2/x"), null);
});

test("a file is sent as it is", async (t) => {
  const asked = answer(t, () => new Response(null, { status: 201 }));
  const file = new Blob(["PK"]);
  await request("POST", "/import", file);
  assert.equal(asked[0].body, file);
  assert.deepEqual(asked[0].headers, {});
});

test("a refusal throws what the server says, or else the status", async (t) => {
  let reply = () => Response.json({ message: "name: there is one already", status: 409 }, { status: 409 });
  answer(t, () => reply());
  await assert.rejects(post("/v2/projects"), new Error("name: there is one already"));
  reply = () => new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "content-type": "text/html" } });
  await assert.rejects(get("/v2/x"), new Error("GET /v2/x was answered with 502"));
});

test("a request that is closed throws what it was closed with, also while its reply comes", async (t) => {
  const stop = new AbortController();
  t.mock.method(globalThis, "fetch", async (_path, { signal }) => ({ text: () => new Promise((_, reject) => { signal.onabort = () => reject(signal.reason); }) }));
  const asked = post("/v2/x", {}, stop.signal);
  setImmediate(() => stop.abort(new Error("enough")));
  await assert.rejects(asked, new Error("enough"));
});

test("a server that does not answer is told as such", async (t) => {
  t.mock.method(globalThis, "fetch", async () => { throw new TypeError("fetch failed"); });
  await assert.rejects(get("/v2/x"), new Error("The server does not answer."));
});

test("sockets are as safe as the page", () => {
  globalThis.location = { protocol: "https:", host: "lab.example:8443" };
  assert.equal(socketUrl("/v2/x"), `wss://lab.example:8443${ROOT}v2/x`);
  globalThis.location = { protocol: "http:", host: "127.0.0.1:3080" };
  assert.equal(socketUrl("/v2/x"), `ws://127.0.0.1:3080${ROOT}v2/x`);
});

// A stream of events, its sockets, and all that it said, in order.
function openStream(t, options = {}) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.location = { protocol: "http:", host: "127.0.0.1:3080" };
  const sockets = [];
  globalThis.WebSocket = class {
    constructor(url) {
      this.url = new URL(url);
      sockets.push(this);
    }

    tell(id, action, event = {}) {
      this.tellAll({ id, action, event });
    }

    tellAll(...events) {
      this.onmessage({ data: JSON.stringify(events) });
    }

    close() {
      this.closed = true;
      this.onclose?.();
    }
  };
  const said = [];
  const stream = new EventStream({
    projectId: "p1",
    onEvent: (action) => said.push(action),
    onConnection: (connected) => said.push(connected ? "connected" : "lost"),
    onReload: async () => { said.push("reload"); },
    ...options,
  });
  return { stream, sockets, said };
}

const settle = () => new Promise((done) => { setImmediate(done); });

test("a stream of a project looks on without keeping the lab open", (t) => {
  const { sockets } = openStream(t);
  const { pathname, searchParams } = sockets[0].url;
  assert.equal(pathname, `${ROOT}v2/events/ws`);
  assert.deepEqual([...searchParams], [["project_id", "p1"], ["attend", "false"], ["batch", "40"], ["after", ""]]);
});

test("a stream of everything asks for no project", (t) => {
  const { sockets } = openStream(t, { projectId: undefined });
  assert.deepEqual([...sockets[0].url.searchParams], [["batch", "40"], ["after", ""]]);
});

test("events that come together are taken in order, and a stream resumes after the last", (t) => {
  const { sockets, said } = openStream(t);
  const event = {};
  sockets[0].tellAll({ action: "events.begin", event: { resumed: true } }, { id: "5", action: "node.created", event }, { id: "6", action: "node.deleted", event });
  assert.deepEqual(said, ["connected", "node.created", "node.deleted"]);
  sockets[0].close();
  t.mock.timers.tick(5000);
  assert.equal(sockets[1].url.searchParams.get("after"), "6");
});

test("the state is read first, and events wait for it in order", async (t) => {
  let finish;
  const { sockets, said } = openStream(t, { onReload: () => new Promise((done) => { finish = done; }) });
  sockets[0].tell("1", "events.begin", { resumed: false });
  sockets[0].tell("2", "node.created");
  sockets[0].tell("3", "node.updated");
  sockets[0].tell("", "ping");
  assert.deepEqual(said, ["connected"]);
  finish();
  await settle();
  assert.deepEqual(said, ["connected", "node.created", "node.updated"]);
  sockets[0].tell("4", "node.deleted");
  assert.equal(said.at(-1), "node.deleted");
});

test("a lost connection is made again from the last event on, without reading the state", async (t) => {
  const { sockets, said } = openStream(t);
  sockets[0].tell("1", "events.begin", { resumed: false });
  await settle();
  sockets[0].tell("7 a", "node.created");
  sockets[0].tell("", "ping"); // has no id
  sockets[0].close();
  assert.equal(sockets.length, 1);
  t.mock.timers.tick(250);
  assert.equal(sockets[1].url.searchParams.get("after"), "7 a");
  sockets[1].tell("8", "events.begin", { resumed: true });
  await settle();
  assert.deepEqual(said, ["connected", "reload", "node.created", "lost", "connected"]);
});

test("the server is tried again after twice the time, five seconds at most", (t) => {
  const { sockets } = openStream(t);
  for (const wait of [250, 500, 1000, 2000, 4000, 5000, 5000]) {
    const before = sockets.length;
    sockets.at(-1).close();
    t.mock.timers.tick(wait - 1);
    assert.equal(sockets.length, before);
    t.mock.timers.tick(1);
    assert.equal(sockets.length, before + 1);
  }
  sockets.at(-1).tell("1", "events.begin", { resumed: true });
  sockets.at(-1).close();
  const before = sockets.length;
  t.mock.timers.tick(250);
  assert.equal(sockets.length, before + 1);
});

test("a reload that begins while another one waits counts alone", async (t) => {
  const finish = [];
  const { stream, sockets, said } = openStream(t, { onReload: () => new Promise((done) => { finish.push(done); }) });
  sockets[0].tell("1", "events.begin", { resumed: false });
  sockets[0].tell("2", "node.created"); // the second state has it
  stream.reload();
  sockets[0].tell("3", "node.deleted");
  finish[0]();
  await settle();
  assert.deepEqual(said, ["connected"]);
  finish[1]();
  await settle();
  assert.deepEqual(said, ["connected", "node.deleted"]);
});

test("a state that cannot be read is told, and events go on", async (t) => {
  const errors = [];
  const { sockets, said } = openStream(t, {
    onReload: async () => { throw new Error("The project is gone."); },
    onError: (error) => errors.push(error.message),
  });
  sockets[0].tell("1", "events.begin", { resumed: false });
  sockets[0].tell("2", "project.deleted");
  await settle();
  assert.deepEqual(errors, ["The project is gone."]);
  assert.deepEqual(said, ["connected", "project.deleted"]);
});

test("a stream that is closed stays closed", (t) => {
  const { stream, sockets, said } = openStream(t);
  sockets[0].close();
  t.mock.timers.tick(250);
  sockets[1].close();
  stream.close(); // while it waits to connect again
  t.mock.timers.tick(10_000);
  assert.equal(sockets.length, 2);
  assert.deepEqual(said, ["lost", "lost"]);
});

test("a stream that is closed ends its connection, which is not lost", (t) => {
  const { stream, sockets, said } = openStream(t);
  stream.close();
  t.mock.timers.tick(10_000);
  assert.deepEqual([sockets.length, sockets[0].closed, said], [1, true, []]);
});

test("a file that the server has is not read, and what it says against another is thrown", async (t) => {
  let signal = null;
  t.mock.method(globalThis, "fetch", async (path, options) => {
    signal = options.signal;
    return path.endsWith("/export") ? new Response("zip") : Response.json({ message: "gone" }, { status: 404 });
  });
  await requireFile("/v2/projects/p/export");
  assert.equal(signal.aborted, true);
  await assert.rejects(requireFile("/v2/projects/p/files/x"), /gone/);
});

test("a stream of a lab that may not be seen any more ends, and tells why; one whose server is away goes on", async (t) => {
  let reply = () => Response.json({ message: "bad gateway" }, { status: 502 });
  answer(t, () => reply());
  const refused = [];
  const { sockets, said } = openStream(t, { onRefused: (error) => refused.push([error.status, error.message]) });
  sockets[0].close();
  await settle();
  t.mock.timers.tick(250);
  assert.deepEqual([sockets.length, refused], [2, []]);
  reply = () => Response.json({ message: "Forbidden: you may not see projects here" }, { status: 403 });
  sockets[1].close();
  await settle();
  t.mock.timers.tick(10_000);
  assert.deepEqual([sockets.length, refused], [2, [[403, "Forbidden: you may not see projects here"]]]);
  assert.equal(said.at(-1), "connected"); // the server does answer
});

test("who wants to know is told that something was forbidden", async (t) => {
  let status = 409;
  answer(t, () => Response.json({ message: "no" }, { status }));
  let told = 0;
  onForbidden(() => { told += 1; });
  await assert.rejects(put("/v2/x", {}), /no/);
  assert.equal(told, 0);
  status = 403;
  await assert.rejects(put("/v2/x", {}), /no/);
  assert.equal(told, 1);
});

test("a stream is read piece by piece, and a refusal of it is told as of any request", async (t) => {
  let reply = () => new Response("packets");
  answer(t, () => reply());
  const { value } = await (await getStream("/v2/x/pcap", new AbortController().signal)).read();
  assert.equal(new TextDecoder().decode(value), "packets");
  reply = () => new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "content-type": "text/html" } });
  await assert.rejects(getStream("/v2/x/pcap"), new Error("GET /v2/x/pcap was answered with 502"));
});

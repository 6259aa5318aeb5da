// Requests to the server that this page came from, and its streams of events.

// The path of the server's root: "/", or "/lab/" if a reverse proxy serves it below a path.
// Our files are in "static/app/" or, for browsers to keep them, in "static/app/HASH/".
export const ROOT = new URL(import.meta.url).pathname.replace(/(static\/app\/([0-9a-f]{16}\/)?)?[^/]*$/, "");

// The URL of a path of the server.
export const at = (path) => ROOT + path.slice(1);

// A token for requests of version 3, which a server that is open to everybody asks for, too.
let token = null;

export async function useFirstToken() {
  const first = { username: "admin", password: "admin" };
  token = token ?? (await request("POST", "/v3/access/users/authenticate", first)).access_token;
}

// An error has the `status` of the reply, if there was one. `signal`: an AbortSignal that closes the request; then this throws what the signal was aborted with.
export async function request(method, path, body, signal) {
  const { reply, text } = await answerTo(method, path, body, signal);
  return text && isJson(reply) ? JSON.parse(text) : null;
}

const isJson = (reply) => reply.headers.get("content-type")?.includes("json");

async function answerTo(method, path, body, signal) {
  const options = { method, headers: token ? { Authorization: `Bearer ${token}` } : {}, ...(signal && { signal }) };
  if (body instanceof Blob) {
    options.body = body;
  } else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  const [reply, text] = await answer(path, options, (each) => each.text());
  return valueOf(method, path, reply, text);
}

// The content of a file. Throws as `request`.
export async function getBytes(path) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const [reply, bytes] = await answer(path, { headers }, (each) => each.arrayBuffer());
  if (!reply.ok) valueOf("GET", path, reply, new TextDecoder().decode(bytes));
  return bytes;
}

// The reply, and what `read` makes of it. A browser would take a file that was changed a moment ago from its cache.
async function answer(path, options, read) {
  try {
    const reply = await fetch(at(path), { cache: "no-cache", ...options });
    return [reply, await read(reply)];
  } catch {
    options.signal?.throwIfAborted();
    throw new Error("The server does not answer.");
  }
}

// Calls `listener` whenever the server has refused something that the user may not do.
const listenersOfForbidden = new Set();

export function onForbidden(listener) {
  listenersOfForbidden.add(listener);
}

// The object in a reply. Throws the error that it tells.
function valueOf(method, path, reply, text) {
  if (reply.status === 401 && !token && !loginChanges) logInAgain();
  if (reply.ok) return { reply, text };
  if (reply.status === 403) for (const listener of listenersOfForbidden) listener();
  const said = text && isJson(reply) ? JSON.parse(text)?.message : null;
  throw Object.assign(new Error(said ?? `${method} ${path} was answered with ${reply.status}`), { status: reply.status });
}

// Throws what the server says against a file, which may be large: it is not read. A browser that downloads it would tell no reason.
export async function requireFile(path) {
  const enough = new AbortController();
  await begin(path, enough.signal);
  enough.abort();
}

// A reader of what the server sends until it ends, or `signal` ends it. Throws as `request`.
export const getStream = async (path, signal) => (await begin(path, signal)).body.getReader();

// A reply whose content is read later, if at all.
async function begin(path, signal) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const [reply, text] = await answer(path, { headers, signal }, (each) => (each.ok ? "" : each.text()));
  valueOf("GET", path, reply, text);
  return reply;
}

// True while an action replaces the login: requests that come between are refused, and that means nothing.
let loginChanges = false;

export async function replaceLogin(action) {
  loginChanges = true;
  try {
    return await action();
  } finally {
    loginChanges = false;
  }
}

// The login has ended: the user logs in and comes back to this page.
function logInAgain() {
  location.assign(`${at("/login")}?ended=yes&next=${encodeURIComponent(location.pathname.slice(ROOT.length - 1))}`);
}

// The text of a reply; `accept` is the type that is asked for.
export async function getText(path, accept = "*/*") {
  const headers = { Accept: accept, ...(token && { Authorization: `Bearer ${token}` }) };
  const [reply, text] = await answer(path, { headers }, (each) => each.text());
  return valueOf("GET", path, reply, text).text;
}

export const get = (path) => request("GET", path);
export const post = (path, body = {}, signal) => request("POST", path, body, signal);
export const put = (path, body) => request("PUT", path, body);
export const remove = (path) => request("DELETE", path);

export function socketUrl(path) {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${at(path)}`;
}

// The events that tell of a project itself, with the project. Others that begin with "project." tell of what goes on in it.
export const OF_PROJECTS = new Set(["created", "opened", "updated", "closed", "deleted"].map((what) => `project.${what}`));

const LONGEST_WAIT = 5000;
// The server gathers events for so long, which is too short to be seen: thousands of nodes that start are then few messages.
const BATCH_MS = 40;

// Events of a project, those of the server (`only`: "server"), or all events. It reconnects by itself and then gets the missed events. If the server no longer has
// them, `onReload` reads the state again; events wait in order until it is done. If the project is gone or may not be seen any more, it
// ends, and `onRefused` gets the error.
export class EventStream {
  constructor({ projectId, only, onEvent, onReload, onConnection, onError, onRefused }) {
    // The page only watches: closing it does not close the lab.
    this.query = projectId ? `project_id=${projectId}&attend=false&` : only ? `only=${only}&` : "";
    Object.assign(this, { projectId, onEvent, onReload, onConnection, onError, onRefused });
    this.lastId = "";
    this.wait = 250;
    this.hasBegun = false;
    this.waiting = null; // the events that came while the state was being read
    this.connect();
  }

  connect() {
    this.socket = new WebSocket(socketUrl(`/v2/events/ws?${this.query}batch=${BATCH_MS}&after=${encodeURIComponent(this.lastId)}`));
    this.socket.onmessage = (message) => {
      for (const event of JSON.parse(message.data)) this.receive(event);
    };
    this.socket.onclose = () => {
      this.onConnection(false);
      this.askWhy();
      this.timer = setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
    };
  }

  // A browser does not tell why a websocket was refused, but any request does. It also leads to the login if that has ended.
  async askWhy() {
    try {
      await get(this.projectId ? `/v2/projects/${this.projectId}` : "/v2/account");
    } catch (error) {
      if (this.isClosed || !this.onRefused || ![403, 404].includes(error.status)) return; // the server does not answer, which is shown already
      this.close();
      this.onConnection(true); // it does answer
      this.onRefused(error);
    }
  }

  receive({ id, action, event }) {
    if (id) this.lastId = id;
    if (action === "events.begin") {
      this.wait = 250;
      this.onConnection(true, this.hasBegun && !event.resumed);
      this.hasBegun = true;
      if (!event.resumed) this.reload();
    } else if (action !== "ping") {
      if (this.waiting) this.waiting.push([action, event]);
      else this.onEvent(action, event);
    }
  }

  async reload() {
    const waiting = (this.waiting = []);
    try {
      await this.onReload();
    } catch (error) {
      this.onError?.(error);
    }
    if (this.waiting !== waiting) return; // another reload has started
    this.waiting = null;
    for (const [action, event] of waiting) this.onEvent(action, event);
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.socket.onclose = null;
    this.socket.close();
  }
}

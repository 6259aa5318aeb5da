// The changes that were made to a lab on this page, which can be undone and redone, also after a reload in the same tab.
//
// A change is two lists of requests {method, path, body}: `redo` makes it, `undo` takes it back. Both bring objects into a state, whatever
// it was before, so a list that fails half-way is taken back by those of the other list that concern the same objects. A file is written
// by a request with `text` instead of `body`. Requests that create name the ids of what they create, so a redo creates the same objects.
//
// What somebody else has changed meanwhile is not overwritten: after each list, the fields that it has set are noted, and compared with
// those of the server before the change is undone or redone.

import { request as sendToServer } from "../api.js";
import { isSame, objectsOf, pickLike, stateAfter } from "./states.js";

// So many changes are kept, of so many characters as JSON together.
const [MOST, MOST_CHARACTERS] = [200, 1_000_000];
// Requests that a browser sends at a time.
const AT_A_TIME = 6;
// Changes that join are one change if they follow each other within this time.
const JOIN_MS = 2000;
// If more objects of a kind are compared, all of the lab are fetched by one request.
const FEW = 8;

// What was changed is not as this page has left it.
class Overridden extends Error {}

export class History {
  // `key` is the name in the storage. `onChange()` is called when there is something else to undo or redo, `onReply(request, reply)` after each request.
  constructor({ key, onChange = () => {}, onReply = () => {}, send = sendRequest, storage = globalThis.sessionStorage, now = Date.now }) {
    Object.assign(this, { key, onChange, onReply, send, storage, now });
    [this.done, this.undone] = this.read(); // each: {text, redo, undo, states, joins, at}
    this.queue = Promise.resolve();
    this.waiting = 0; // changes that are not done yet
  }

  // Whether there will be something to undo.
  get canUndo() {
    return this.done.length > 0 || this.waiting > 0;
  }

  // What would be undone or redone next, or null.
  get undoText() {
    return this.done.at(-1)?.text ?? null;
  }

  get redoText() {
    return this.undone.at(-1)?.text ?? null;
  }

  // Makes a change, and resolves with the replies to `redo`. If a request fails, the change is taken back and its error thrown. `text` says
  // what it does, such as "Move PC1"; it may be a function of the replies. Changes with the same `joins` that follow each other soon, such
  // as those of a slider, are undone together.
  make(text, redo, undo, { joins = null } = {}) {
    return this.inTurn(async () => {
      const { replies, states } = await this.carryOut(redo, undo);
      // An id, a name or a host that the server has chosen is kept for a redo.
      const answered = redo.map((each, place) => asAnswered(each, replies[place]));
      this.add({ text: typeof text === "function" ? text(replies) : text, redo: answered, undo, states, joins, at: this.now() });
      return replies;
    });
  }

  // Changes fields of objects: each is {path, before, fields}, where `before` is the object as it is, or as it was.
  change(text, changes, options) {
    const request = (path, body) => ({ method: "PUT", path, body });
    return this.make(text, changes.map(({ path, fields }) => request(path, fields)),
      changes.map(({ path, before, fields }) => request(path, Object.fromEntries(Object.keys(fields).map((name) => [name, before[name]])))), options);
  }

  // Notes a change that was made by a request of another kind.
  record(text, redo, undo) {
    this.add({ text, redo, undo, states: [], joins: null, at: this.now() });
  }

  add(entry) {
    const last = this.done.at(-1);
    if (entry.joins && last?.joins === entry.joins && entry.at - last.at < JOIN_MS) {
      Object.assign(last, { redo: entry.redo, states: entry.states, at: entry.at });
    } else {
      this.done.push(entry);
    }
    this.undone = [];
    this.keep();
  }

  // Takes back the last change. Resolves with its text.
  undo() {
    return this.inTurn(() => this.step(this.done, this.undone, "undo", "redo"));
  }

  redo() {
    return this.inTurn(() => this.step(this.undone, this.done, "redo", "undo"));
  }

  async step(from, to, list, opposite) {
    const entry = from.at(-1);
    if (!entry) throw new Error(`There is nothing to ${list}.`);
    try {
      await this.compare(entry.states, entry[list], entry[opposite]);
    } catch (error) {
      if (!(error instanceof Overridden)) throw error;
      from.pop(); // or nothing before it could be undone any more
      this.keep();
      throw new Error(`“${entry.text}” cannot be ${list === "undo" ? "undone" : "redone"}: ${error.message} The change is left as it is.`, { cause: error });
    }
    const { states } = await this.carryOut(entry[list], entry[opposite]);
    from.pop();
    to.push(Object.assign(entry, { states, joins: null }));
    this.keep();
    return entry.text;
  }

  // One after the other, also if the user is faster than the server.
  inTurn(action) {
    this.waiting += 1;
    const result = this.queue.then(action).finally(() => {
      this.waiting -= 1;
    });
    this.queue = result.catch(() => {});
    return result;
  }

  // Sends requests in order. If one fails, those of `opposite` that concern the same objects are sent, and the error is thrown.
  async carryOut(requests, opposite) {
    const replies = [];
    const sent = [];
    for (const wave of wavesOf(requests)) {
      sent.push(...wave);
      const results = await Promise.allSettled(wave.map((each) => this.sendOne(each)));
      const failed = results.find(({ status }) => status === "rejected");
      if (failed) throw await this.takeBack(failed.reason, sent, opposite);
      replies.push(...results.map(({ value }) => value));
    }
    return { replies, states: requests.map((each, place) => stateAfter(each, replies[place])).filter(Boolean) };
  }

  async sendOne(each) {
    const reply = await this.send(each);
    this.onReply(each, reply);
    return reply;
  }

  // Returns the error to throw.
  async takeBack(cause, sent, opposite) {
    const touched = new Set(sent.flatMap(objectsOf));
    const failures = [];
    const concerned = opposite.filter((each) => objectsOf(each).some((object) => touched.has(object)));
    for (const wave of wavesOf(concerned)) {
      const results = await Promise.allSettled(wave.map((each) => this.sendOne(each)));
      for (const [place, { reason }] of results.entries()) {
        const isGone = wave[place].method === "DELETE" && reason?.status === 404; // it was not created
        if (reason && !isGone) failures.push(reason.message);
      }
    }
    if (failures.length) return new Error(`${cause.message} Not all of the change could be taken back: ${failures[0]}`, { cause });
    return cause;
  }

  // Throws Overridden if the server has not what the last list has left, or if `next` would delete or rename what it does not know.
  async compare(states, next, opposite) {
    const wanted = new Map(states.map((state) => [state.path, state])); // the last state of each
    const found = await this.fetchAll([...wanted.values()]);
    for (const [path, state] of wanted) {
      const object = found.get(path);
      const name = object?.name ?? state.name ?? whatIsAt(path);
      if (state.isGone && object) throw new Overridden(`${name} is there again.`);
      if (!state.isGone && !object) throw new Overridden(`${name} was deleted meanwhile.`);
      if (!state.isGone && !isSame(pickLike(object, state.fields), state.fields)) throw new Overridden(`${name} was changed meanwhile by somebody else.`);
    }
    await this.compareLinks(next, opposite);
    await this.compareNames(next);
  }

  // To delete a node deletes its links, too: it may have got others.
  async compareLinks(next, opposite) {
    const nodes = next.filter(({ method, path }) => method === "DELETE" && /\/nodes\/[^/]+$/.test(path));
    if (!nodes.length) return;
    const known = new Set([...next.filter(({ method }) => method === "DELETE"), ...opposite.filter(({ method }) => method === "POST")].flatMap(objectsOf));
    const base = nodes[0].path.replace(/\/nodes\/[^/]+$/, "");
    const links = nodes.length > FEW ? await this.fetch(`${base}/links`) : (await Promise.all(nodes.map(({ path }) => this.fetch(`${path}/links`)))).flat();
    const ids = new Set(nodes.flatMap(objectsOf));
    const other = (links ?? []).find((link) => link && !known.has(link.link_id) && link.nodes.some((end) => ids.has(end.node_id)));
    if (other) throw new Overridden("it would delete a link that was added meanwhile.");
  }

  // A node that comes back has its name again.
  async compareNames(next) {
    const made = next.filter(({ method, path, body }) => method === "POST" && path.endsWith("/nodes") && body?.name);
    if (!made.length) return;
    const taken = new Map((await this.fetch(made[0].path))?.map((node) => [node.name, node.node_id]));
    const other = made.find(({ body }) => taken.has(body.name) && taken.get(body.name) !== body.node_id);
    if (other) throw new Overridden(`another node has the name ${other.body.name} now.`);
  }

  // Objects by path; those that are gone are missing. What should be gone is looked for in the list.
  async fetchAll(states) {
    const found = new Map();
    for (const [collection, members] of Map.groupBy(states, ({ path }) => path.replace(/\/[^/]+$/, ""))) {
      const kind = /\/(nodes|links|drawings)$/.exec(collection)?.[1];
      if (kind && (members.length > FEW || members.some(({ isGone }) => isGone))) {
        for (const object of (await this.fetch(collection)) ?? []) found.set(`${collection}/${object[`${kind.slice(0, -1)}_id`]}`, object);
      } else {
        for (const { path } of members) {
          const object = await this.fetch(path);
          if (object) found.set(path, object);
        }
      }
    }
    return found;
  }

  // What is at a path, or null.
  async fetch(path) {
    try {
      return await this.send({ method: "GET", path });
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  // --- over a reload ---

  read() {
    try {
      const { done, undone } = JSON.parse(this.storage?.getItem(this.key) ?? "{}");
      return [done ?? [], undone ?? []];
    } catch {
      return [[], []]; // of another version of the page, or the browser keeps nothing
    }
  }

  keep() {
    while (this.done.length + this.undone.length > MOST) this.dropOldest();
    let text = JSON.stringify({ done: this.done, undone: this.undone });
    while (text.length > MOST_CHARACTERS && this.done.length + this.undone.length > 1) {
      this.dropOldest();
      text = JSON.stringify({ done: this.done, undone: this.undone });
    }
    try {
      this.storage?.setItem(this.key, text);
    } catch {
      // The browser has no room: the changes can be undone until the page is left.
    }
    this.onChange();
  }

  dropOldest() {
    if (this.done.length > 1 || !this.undone.length) this.done.shift();
    else this.undone.shift();
  }
}

// What an object without a name is called.
const whatIsAt = (path) => `the ${/\/(node|link|drawing)s\//.exec(path)?.[1] ?? "lab"}`;

export const sendRequest = ({ method, path, body, text }) => sendToServer(method, path, text === undefined ? body : new Blob([text]));

// Requests in order, but those that follow each other and concern different objects of a kind in the same way are sent at the same time.
// Drawings are created one by one, because they lie on each other in that order.
function wavesOf(requests) {
  const waves = [];
  const kindOf = ({ method, path }) => `${method} ${path.replace(/\/(nodes|links|drawings)\/[^/]+/, "/$1/*")}`;
  for (const each of requests) {
    const last = waves.at(-1);
    const fits = last && last.length < AT_A_TIME && kindOf(last[0]) === kindOf(each)
      && /\/(nodes|links)(\/[^/]+)?$|\/drawings\/[^/]+$/.test(each.path) && !last.some((other) => objectsOf(other)[0] === objectsOf(each)[0]);
    if (fits) last.push(each);
    else waves.push([each]);
  }
  return waves;
}

// A request that creates the same again, with what the server has chosen.
function asAnswered(each, reply) {
  if (each.method !== "POST" || !each.body || !reply || Array.isArray(reply) || !objectsOf(each).length) return each;
  return { ...each, body: { ...each.body, ...pickLike(reply, each.body) } };
}

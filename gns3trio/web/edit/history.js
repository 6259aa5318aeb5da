// The changes that were made to a lab on this page, which can be undone and redone, also after a reload in the same tab.
//
// A change is two lists of requests {method, path, body}: `redo` makes it, `undo` takes it back. Both bring objects into a state, whatever
// it was before, so a list that fails half-way is taken back by those of the other list that concern the same objects. A file is written
// by a request with `text` instead of `body`. Requests that create name the ids of what they create, so a redo creates the same objects.
//
// What somebody else has changed meanwhile is not overwritten: after each list, the fields that it has set are noted, and compared with
// those of the server before the change is undone or redone.
//
// A change that could neither be made whole nor be taken back whole, because the page was left or the server went away, is kept as
// `isBroken`: its next undo or redo sends all of its requests again, also those that have been answered.

import { request as sendToServer } from "../api.js";
import { Overridden, compare } from "./comparison.js";
import { KeptChanges } from "./kept_changes.js";
import { objectsOf, pickLike, stateAfter } from "./states.js";

// Requests that a browser sends at a time.
const AT_A_TIME = 6;
// Changes that join are one change if they follow each other within this time.
const JOIN_MS = 2000;
const PAST = { undo: "undone", redo: "redone" };

export class History {
  // `key` is the name in the storage. `onChange()` is called when there is something else to undo or redo, `onReply(request, reply)` after
  // each request, and `onUnkept()` once, when the browser has no room for the changes.
  constructor({ key, onChange = () => {}, onReply = () => {}, onUnkept = () => {}, send = sendRequest, storage = globalThis.sessionStorage, now = Date.now }) {
    Object.assign(this, { onChange, onReply, onUnkept, send, now });
    this.kept = new KeptChanges(storage, key);
    const { done, undone, begun } = this.kept.read();
    Object.assign(this, { done, undone }); // each: {text, redo, undo, states, joins, at, isBroken}
    this.queue = Promise.resolve();
    this.waiting = 0; // changes that are not done yet
    this.isUnkept = false;
    this.interrupted = begun ? this.resume(begun) : null; // a sentence about what was not finished when the page was left, or null
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
      const change = { text: typeof text === "function" ? text(redo.map(({ body }) => body)) : text, redo, undo, states: [], joins: null, at: this.now() };
      this.kept.begin("make", change);
      try {
        const { replies, states } = await this.carryOut(redo, undo);
        // An id, a name or a host that the server has chosen is kept for a redo.
        const answered = redo.map((each, place) => asAnswered(each, replies[place]));
        this.add({ ...change, text: typeof text === "function" ? text(replies) : text, redo: answered, states, joins });
        return replies;
      } catch (error) {
        if (error.isHalfDone) this.add({ ...change, isBroken: true });
        throw error;
      } finally {
        this.kept.end();
      }
    });
  }

  // Changes fields of objects: each is {path, before, fields}, where `before` is the object as it is, or as it was.
  change(text, changes, options) {
    const request = (path, body) => ({ method: "PUT", path, body });
    return this.make(text, changes.map(({ path, fields }) => request(path, fields)),
      changes.map(({ path, before, fields }) => request(path, Object.fromEntries(Object.keys(fields).map((name) => [name, before[name]])))), options);
  }

  // Notes a change that was made by a request of another kind. `replies` are what the server would answer to `redo` now, as far as known.
  record(text, redo, undo, replies = []) {
    const states = redo.map((each, place) => stateAfter(each, replies[place])).filter(Boolean);
    this.add({ text, redo, undo, states, joins: null, at: this.now() });
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
    const { text } = entry;
    try {
      if (!entry.isBroken) await compare(this.send, entry.states, entry[list], entry[opposite]);
    } catch (error) {
      if (!(error instanceof Overridden)) throw error;
      from.pop(); // or nothing before it could be undone any more
      this.keep();
      throw new Error(`“${text}” cannot be ${PAST[list]}: ${error.message} The change is left as it is.`, { cause: error });
    }
    this.kept.begin(list);
    try {
      const { states } = entry.isBroken ? await this.finish(entry[list]) : await this.carryOut(entry[list], entry[opposite]);
      from.pop();
      to.push({ ...entry, states, joins: null, isBroken: false });
    } catch (error) {
      if (error.isPartly) from.pop();
      else if (error.isHalfDone) entry.isBroken = true;
      throw error.isPartly ? new Error(`“${text}” was not ${PAST[list]} whole: ${error.message}`, { cause: error }) : error;
    } finally {
      this.keep();
      this.kept.end();
    }
    return text;
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
    return { replies, states: statesOf(requests, replies) };
  }

  // Sends all requests of a broken change, as many as the server takes. If it does not answer, the error is thrown, and all can be sent
  // again. What it refuses is told by an error that is `isPartly`.
  async finish(requests) {
    const replies = [];
    let refusal = null;
    for (const wave of wavesOf(requests)) {
      for (const { reason, value } of await Promise.allSettled(wave.map((each) => this.sendOne(each)))) {
        if (reason && reason.status === undefined) throw reason;
        refusal ??= reason ?? null;
        replies.push(value);
      }
    }
    if (refusal) throw Object.assign(new Error(refusal.message, { cause: refusal }), { isPartly: true });
    return { states: statesOf(requests, replies) };
  }

  // What is to be deleted may be gone already.
  async sendOne(each) {
    let reply = null;
    try {
      reply = await this.send(each);
    } catch (error) {
      if (each.method !== "DELETE" || error.status !== 404) throw error;
    }
    this.onReply(each, reply);
    return reply;
  }

  // Returns the error to throw. It is `isHalfDone` if not all could be taken back.
  async takeBack(cause, sent, opposite) {
    const touched = new Set(sent.flatMap(objectsOf));
    const concerned = opposite.filter((each) => objectsOf(each).some((object) => touched.has(object)));
    let failure = null;
    for (const wave of wavesOf(concerned)) {
      for (const { reason } of await Promise.allSettled(wave.map((each) => this.sendOne(each)))) failure ??= reason ?? null;
    }
    if (failure === null) return cause;
    const told = `${cause.message} Not all of the change could be taken back: ${failure.message} Undo or redo tries it again.`;
    return Object.assign(new Error(told, { cause }), { status: cause.status, isHalfDone: true });
  }

  // The page was left while this was being done. It is not known how far it came, so the user decides.
  resume({ list, change }) {
    this.kept.end();
    if (list === "make") this.add({ ...change, joins: null, isBroken: true });
    const entry = (list === "redo" ? this.undone : this.done).at(-1);
    if (!entry) return null;
    entry.isBroken = true;
    this.keep();
    const what = { make: "done when this page was left. Undo takes back what was done of it", undo: "undone when this page was left. Undo does the rest", redo: "redone when this page was left. Redo does the rest" };
    return `“${entry.text}” was perhaps not wholly ${what[list]}.`;
  }

  keep() {
    if (!this.kept.keep(this.done, this.undone) && !this.isUnkept) {
      this.isUnkept = true;
      this.onUnkept();
    }
    this.onChange();
  }
}

const sendRequest = ({ method, path, body, text }) => sendToServer(method, path, text === undefined ? body : new Blob([text]));

const statesOf = (requests, replies) => requests.map((each, place) => stateAfter(each, replies[place])).filter(Boolean);

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

// Whether the server still has what a change has left, before the change is undone or redone: what somebody else has done meanwhile is
// not overwritten.

import { isSame, objectsOf, pickLike } from "./states.js";

// If more objects of a kind are compared, all of the lab are fetched by one request.
const FEW = 8;

// What was changed is not as this page has left it.
export class Overridden extends Error {}

// Throws Overridden if the server has not what the last list has left (`states`), or if `next` would delete or rename what it does not
// know. `opposite` takes `next` back; `send` sends a request.
export async function compare(send, states, next, opposite) {
  const comparison = new Comparison(send);
  await comparison.compareStates(states);
  await comparison.compareLinks(next, opposite);
  await comparison.compareNames(next);
}

class Comparison {
  constructor(send) {
    this.send = send;
  }

  async compareStates(states) {
    const wanted = new Map(states.map((state) => [state.path, state])); // the last state of each
    const found = await this.fetchAll([...wanted.values()]);
    for (const [path, state] of wanted) {
      const object = found.get(path);
      const name = object?.name ?? state.name ?? whatIsAt(path);
      if (state.isGone && object) throw new Overridden(`${name} is there again.`);
      if (!state.isGone && !object) throw new Overridden(`${name} was deleted meanwhile.`);
      if (!state.isGone && !isSame(pickLike(object, state.fields), state.fields)) throw new Overridden(`${name} was changed meanwhile by somebody else.`);
    }
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

  // A node that comes back, or gets its former name back, has this name and no other: the server would choose one.
  async compareNames(next) {
    const named = next.map(({ method, path, body }) => {
      const [, nodes, id] = /^(.*\/nodes)(?:\/([^/]+))?$/.exec(path) ?? [];
      const isNamed = nodes && body?.name && (method === "POST" ? !id : method === "PUT");
      return isNamed ? { nodes, name: body.name, id: id ?? body.node_id } : null;
    }).filter(Boolean);
    if (!named.length) return;
    const taken = new Map((await this.fetch(named[0].nodes))?.map((node) => [node.name, node.node_id]));
    const other = named.find(({ name, id }) => taken.has(name) && taken.get(name) !== id);
    if (other) throw new Overridden(`another node has the name ${other.name} now.`);
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
}

// What an object without a name is called.
const whatIsAt = (path) => `the ${/\/(node|link|drawing)s\//.exec(path)?.[1] ?? "lab"}`;

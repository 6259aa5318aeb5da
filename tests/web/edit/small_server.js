// A server with objects by path, a storage, and a history of changes that uses them.

import { setImmediate } from "node:timers";

import { History } from "../../../gns3trio/web/edit/history.js";

export const P = "/v2/projects/p";
export const id = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
export const [N1, N2, L1] = [id(1), id(2), id(11)];

export const settle = () => new Promise((done) => { setImmediate(done); });

// A server with objects by path, which answers as ours does.
export class Server {
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

export class Storage {
  items = new Map();
  getItem(key) { return this.items.get(key) ?? null; }
  setItem(key, text) { this.items.set(key, text); }
  removeItem(key) { this.items.delete(key); }
}

export const nodeAt = (number, fields = {}) => ({ [`${P}/nodes/${id(number)}`]: { node_id: id(number), name: `PC${number}`, x: 0, y: 0, ...fields } });

export function made(server, { storage = new Storage(), now } = {}) {
  return new History({ key: "h", send: server.send, storage, ...(now && { now }) });
}

export const move = (history, number, x, before = 0) => history.change(`Move PC${number}`, [{ path: `${P}/nodes/${id(number)}`, before: { x: before }, fields: { x } }]);
export const xOf = (server, number) => server.objects.get(`${P}/nodes/${id(number)}`)?.x;

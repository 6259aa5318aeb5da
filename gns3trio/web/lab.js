// What is known of an open project, kept up to date by events. Views ask for what has changed, once a frame.

import { get } from "./api.js";

const HISTORY_SECONDS = 300;
// A link that moves nothing sends no statistics: after this long it is idle.
const STALE_AFTER = 2500;

export class Lab {
  constructor(projectId) {
    this.projectId = projectId;
    this.path = `/v2/projects/${projectId}`;
    this.nodes = new Map();
    this.links = new Map();
    this.drawings = new Map();
    this.traffic = new Map();
    this.problems = new Map(); // why a node does not run here, or nothing crosses a link, by id
    this.linksOfNode = new Map();
    this.views = new Set();
    this.changed = new Set();
    setInterval(() => this.expire(), 1000);
  }

  async load() {
    const [project, nodes, links, drawings, problems] = await Promise.all(
      ["", "/nodes", "/links", "/drawings", "/problems"].map((part) => get(this.path + part)));
    this.project = project;
    this.nodes = new Map(nodes.map((node) => [node.node_id, node]));
    this.links = new Map(links.map((link) => [link.link_id, link]));
    this.drawings = new Map(drawings.map((drawing) => [drawing.drawing_id, drawing]));
    this.problems = new Map([...problems.nodes, ...problems.links].map((each) => [each.node_id ?? each.link_id, each.message]));
    this.linksOfNode = new Map();
    for (const link of links) this.indexLink(link);
    this.changed.clear();
    for (const view of this.views) view.reset();
  }

  indexLink(link) {
    for (const { node_id } of link.nodes) {
      if (!this.linksOfNode.has(node_id)) this.linksOfNode.set(node_id, new Set());
      this.linksOfNode.get(node_id).add(link.link_id);
    }
  }

  apply(action, event) {
    const [kind, what] = action.split(".");
    if (kind === "link" && what === "stats") {
      this.count(event);
    } else if (kind === "link" && what === "problem") {
      if (event.message) this.problems.set(event.link_id, event.message);
      else this.problems.delete(event.link_id);
      this.touch(event.link_id);
    } else if (kind === "link" && what === "benchmark") {
      this.onBenchmark?.(event);
      return;
    } else if (kind in KINDS && (what in CHANGES)) {
      const [collection, idName] = KINDS[kind];
      const id = event[idName];
      if (what === "deleted") this[collection].delete(id);
      else this[collection].set(id, { ...this[collection].get(id), ...event });
      if (kind === "link") {
        if (what === "deleted") this.forgetLink(id);
        else this.moveLink(event);
      }
      this.touch(id);
      if (kind === "node") for (const link of this.linksOfNode.get(id) ?? []) this.touch(link);
    } else if (kind === "project") {
      this.project = event;
      this.onProject?.(what);
    } else if (kind === "snapshot") {
      this.onReplaced?.();
    } else if (kind === "log") {
      this.onLog?.(event.message, what);
    }
  }

  forgetLink(id) {
    this.traffic.delete(id);
    this.problems.delete(id);
    for (const links of this.linksOfNode.values()) links.delete(id);
  }

  // A link may have got other ends. What lay beside it is drawn anew.
  moveLink(link) {
    const left = [...this.linksOfNode].filter(([node, links]) =>
      links.has(link.link_id) && link.nodes.every((end) => end.node_id !== node));
    for (const [, links] of left) {
      links.delete(link.link_id);
      for (const id of links) this.touch(id);
    }
    this.indexLink(link);
  }

  // Statistics of a link: what it carries now, and its last minutes as [time, bit/s there, bit/s back, drops/s].
  count(stats) {
    const now = Date.now();
    const traffic = this.traffic.get(stats.link_id) ?? { history: [] };
    const drops = totalDrops(stats);
    const elapsed = traffic.time ? Math.max((now - traffic.time) / 1000, 0.05) : stats.interval;
    const lost = traffic.time ? Math.max(drops - traffic.drops, 0) / elapsed : 0;
    if (!traffic.busy) traffic.history.push([now - 1, 0, 0, 0]);
    Object.assign(traffic, { time: now, drops, stats, busy: true, lost });
    traffic.history.push([now, stats.a_to_b.bits_per_second, stats.b_to_a.bits_per_second, lost]);
    while (traffic.history.length && traffic.history[0][0] < now - 1000 * HISTORY_SECONDS) traffic.history.shift();
    this.traffic.set(stats.link_id, traffic);
    this.touch(stats.link_id);
  }

  expire() {
    const now = Date.now();
    for (const [id, traffic] of this.traffic) {
      if (traffic.busy && now - traffic.time > STALE_AFTER) {
        traffic.busy = false;
        traffic.lost = 0;
        traffic.history.push([traffic.time + 1, 0, 0, 0]);
        this.touch(id);
      }
    }
  }

  rate(linkId) {
    const traffic = this.traffic.get(linkId);
    if (!traffic?.busy) return { bits: 0, lost: 0 };
    return { bits: traffic.stats.a_to_b.bits_per_second + traffic.stats.b_to_a.bits_per_second, lost: traffic.lost };
  }

  touch(id) {
    this.changed.add(id);
    if (!this.frame) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        const changed = this.changed;
        this.changed = new Set();
        for (const view of this.views) view.update(changed);
      });
    }
  }

  linkName(link) {
    return link.nodes.map((end) => `${this.nodes.get(end.node_id)?.name ?? "?"} ${this.portName(end)}`).join(" – ");
  }

  portName({ node_id, adapter_number, port_number }) {
    const port = this.nodes.get(node_id)?.ports.find(
      (each) => each.adapter_number === adapter_number && each.port_number === port_number);
    return port?.short_name ?? `${adapter_number}/${port_number}`;
  }

  freePorts(node) {
    const used = new Set();
    for (const id of this.linksOfNode.get(node.node_id) ?? []) {
      for (const end of this.links.get(id)?.nodes ?? []) {
        if (end.node_id === node.node_id) used.add(`${end.adapter_number}/${end.port_number}`);
      }
    }
    return node.ports.filter((port) => !used.has(`${port.adapter_number}/${port.port_number}`));
  }
}

const KINDS = {
  node: ["nodes", "node_id"],
  link: ["links", "link_id"],
  drawing: ["drawings", "drawing_id"],
};
const CHANGES = { created: true, updated: true, deleted: true };

export function totalDrops(stats) {
  return [stats.a_to_b, stats.b_to_a].reduce(
    (sum, way) => sum + Object.values(way.drops).reduce((total, count) => total + count, 0), 0);
}

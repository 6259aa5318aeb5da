// The state of an open project, kept up to date by events. Views fetch the changes once per animation frame.

import { OF_PROJECTS, get } from "./api.js";
import { conditionsOf } from "./conditions.js";
import { nameOfShape, readShape } from "./drawings/shape_format.js";
import { LabHosts } from "./hosts/lab_hosts.js";
import { Rights } from "./people/rights.js";
import { LinkTraffic } from "./traffic.js";

export class Lab {
  constructor(projectId) {
    this.projectId = projectId;
    this.path = `/v2/projects/${projectId}`;
    this.rights = new Rights(`/projects/${projectId}`, { withParts: true }); // those of the user
    this.nodes = new Map();
    this.links = new Map();
    this.drawings = new Map();
    this.traffic = new Map(); // LinkTraffic by link
    this.problems = new Map(); // by id: why a node does not run here, or why a link passes no frames
    this.linksOfNode = new Map();
    this.hosts = new LabHosts(this); // follow() keeps it up to date
    this.types = new Map(); // the types of nodes, by name: what each is, and what can be done with its nodes
    this.templates = new Map(); // those that users have made, by id
    this.impairmentTypes = []; // our own link filters, as the server describes them
    this.impairments = new Map(); // by link: its impairments and their seed, if it has some
    this.busy = new Set(); // ids of the links that carry traffic now
    this.views = new Set(); // each has reset(), for when everything has changed, and update(ids)
    this.listeners = new Map(); // by kind
    this.changed = new Set();
    setInterval(() => this.expire(), 1000);
  }

  // What the user may not see is missing.
  async load() {
    const list = (part, privilege) => (this.rights.has(privilege) ? get(this.path + part) : []);
    const [types, impairmentTypes, templates, project, nodes, links, drawings, problems, impairments] = await Promise.all([
      ...["/v2/node_types", "/v2/impairment_types", "/v2/templates"].map((path) => get(path)),
      get(this.path), list("/nodes", "Node.Audit"), list("/links", "Link.Audit"), list("/drawings", "Drawing.Audit"), get(`${this.path}/problems`), list("/impairments", "Link.Audit")]);
    await breath();
    this.types = new Map(types.map((type) => [type.node_type, type]));
    this.templates = new Map(templates.filter((each) => !each.builtin).map((each) => [each.template_id, each]));
    this.impairmentTypes = impairmentTypes;
    this.project = project;
    this.nodes = new Map(nodes.map((node) => [node.node_id, node]));
    this.links = new Map(links.map((link) => [link.link_id, link]));
    this.drawings = new Map(drawings.map((drawing) => [drawing.drawing_id, drawing]));
    this.problems = new Map([...problems.nodes, ...problems.links].map((each) => [each.node_id ?? each.link_id, each.message]));
    this.impairments = new Map(impairments.map((each) => [each.link_id, each]));
    this.linksOfNode = new Map();
    for (const link of links) this.indexLink(link);
    this.changed.clear();
    await breath();
    for (const view of this.views) {
      view.reset();
      await breath();
    }
  }

  indexLink(link) {
    for (const { node_id } of link.nodes) {
      if (!this.linksOfNode.has(node_id)) this.linksOfNode.set(node_id, new Set());
      this.linksOfNode.get(node_id).add(link.link_id);
    }
  }

  // Whether a node has an ability besides starting and stopping, such as "ping".
  can(node, ability) {
    return this.types.get(node.node_type)?.abilities.includes(ability) ?? false;
  }

  apply(action, event) {
    const [kind, what] = action.split(".");
    if (PROGRESS.has(action)) {
      this.tell(PROGRESS.get(action), event);
    } else if (kind === "link" && what === "stats") {
      this.count(event);
    } else if (kind === "link" && what === "impairments") {
      this.impairments.set(event.link_id, event);
      this.touch(event.link_id);
    } else if (kind === "link" && what === "problem") {
      if (event.message) this.problems.set(event.link_id, event.message);
      else this.problems.delete(event.link_id);
      this.touch(event.link_id);
    } else if (KINDS.has(kind) && CHANGES.has(what)) {
      const [collection, idName] = KINDS.get(kind);
      const id = event[idName];
      const before = this[collection].get(id);
      if (what === "deleted") this[collection].delete(id);
      else this[collection].set(id, { ...before, ...event });
      if (kind === "link") {
        if (what === "deleted") this.forgetLink(before ?? event);
        else this.moveLink(before, event);
      }
      if (kind === "node") this.touchNode(id);
      else this.touch(id);
      if (this.problems.has(id) && kind === "node") this.readProblemsSoon();
    } else if (OF_PROJECTS.has(action)) {
      this.project = event;
      this.tell("project", what);
    } else if (kind === "snapshot") {
      this.tell("replaced");
    } else if (kind === "log") {
      this.tell("log", event.message, what);
    }
  }

  // Calls `listener` for each event of a kind that no view shows: those of PROGRESS (their event), "project" (what happened to it),
  // "replaced" when a snapshot was restored, "log" (message, level), and "hosts" when one of these has another state. Returns the function that ends this.
  on(kind, listener) {
    if (!this.listeners.has(kind)) this.listeners.set(kind, new Set());
    const listeners = this.listeners.get(kind);
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  }

  tell(kind, ...what) {
    for (const listener of this.listeners.get(kind) ?? []) listener(...what);
  }

  // No event tells that the problem of a node has changed. It does when its host goes or comes back, and with the node.
  readProblemsSoon() {
    this.problemsTimer ??= setTimeout(async () => {
      this.problemsTimer = null;
      try {
        this.takeProblems((await get(`${this.path}/problems`)).nodes);
      } catch {
        // The project is closed, or the server does not answer: both are told elsewhere.
      }
    }, PROBLEMS_AFTER_MS);
  }

  takeProblems(ofNodes) {
    const told = new Map(ofNodes.map(({ node_id, message }) => [node_id, message]));
    for (const id of this.nodes.keys()) {
      if (this.problems.get(id) === told.get(id)) continue;
      if (told.has(id)) this.problems.set(id, told.get(id));
      else this.problems.delete(id);
      this.touch(id);
    }
  }

  // What a node is, in a word or two: its status, unless it does not run or cannot be reached.
  stateOf(node) {
    if (this.hosts.of(node)?.away) return "away";
    return this.problems.has(node.node_id) ? "not run here" : node.status;
  }

  forgetLink(link) {
    this.traffic.delete(link.link_id);
    this.impairments.delete(link.link_id);
    this.busy.delete(link.link_id);
    this.problems.delete(link.link_id);
    for (const { node_id } of link.nodes) this.linksOfNode.get(node_id)?.delete(link.link_id);
  }

  // The link may have other ends than `before`. Redraw the links that were parallel to it.
  moveLink(before, link) {
    for (const { node_id } of before?.nodes ?? []) {
      if (link.nodes.some((end) => end.node_id === node_id)) continue;
      const left = this.linksOfNode.get(node_id);
      left?.delete(link.link_id);
      for (const id of left ?? []) this.touch(id);
    }
    this.indexLink(link);
  }

  count(stats) {
    const id = stats.link_id;
    if (!this.traffic.has(id)) this.traffic.set(id, new LinkTraffic());
    this.traffic.get(id).count(stats, Date.now(), this.traffic.size);
    this.busy.add(id);
    this.touch(id);
  }

  expire() {
    const now = Date.now();
    for (const id of this.busy) {
      if (!this.traffic.get(id).expire(now)) continue;
      this.busy.delete(id);
      this.touch(id);
    }
  }

  rate(linkId) {
    return this.traffic.get(linkId)?.rate() ?? { bits: 0, lost: 0 };
  }

  // The rates from the first end of a link to the second, and back.
  bitsOfWays(linkId) {
    return this.traffic.get(linkId)?.rates() ?? [0, 0];
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

  // Links depend on the positions of their nodes.
  touchNode(id) {
    this.touch(id);
    for (const link of this.linksOfNode.get(id) ?? []) this.touch(link);
  }

  // What is set on a link, as conditions.js describes it.
  conditionsOf(link) {
    return conditionsOf(link, this.impairments.get(link.link_id)?.impairments ?? [], this.impairmentTypes);
  }

  // The names of the nodes at its ends.
  endNames(link) {
    return link.nodes.map((end) => this.nodes.get(end.node_id)?.name ?? "?");
  }

  linkName(link) {
    return link.nodes.map((end) => `${this.nodes.get(end.node_id)?.name ?? "?"} ${this.portName(end)}`).join(" – ");
  }

  portName(end) {
    const { adapter_number, port_number } = end;
    const port = this.nodes.get(end.node_id)?.ports.find((each) => each.port_number === port_number && each.adapter_number === adapter_number);
    return port?.short_name ?? portKey(end);
  }

  // The links at a node, by the key of their port.
  linksByPort(nodeId) {
    const links = new Map();
    for (const id of this.linksOfNode.get(nodeId) ?? []) {
      const link = this.links.get(id);
      for (const end of link?.nodes ?? []) if (end.node_id === nodeId) links.set(portKey(end), link);
    }
    return links;
  }

  freePorts(node) {
    const used = this.linksByPort(node.node_id);
    return node.ports.filter((port) => !used.has(portKey(port)));
  }

  // The node or drawing with an id.
  placed(id) {
    return this.nodes.get(id) ?? this.drawings.get(id);
  }

  // Moves a node or drawing on this page only, not on the server.
  place(id, x, y) {
    const things = this.nodes.has(id) ? this.nodes : this.drawings;
    things.set(id, { ...things.get(id), x: Math.round(x), y: Math.round(y) });
    if (things === this.nodes) this.touchNode(id);
    else this.touch(id);
  }

  // "node", "link", "drawing", or null for what is none of them.
  kindOf(id) {
    for (const [kind, [collection]] of KINDS) if (this[collection].has(id)) return kind;
    return null;
  }

  // The path of an object in the API.
  pathOf(id) {
    const kind = this.kindOf(id);
    return kind && `${this.path}/${KINDS.get(kind)[0]}/${id}`;
  }

  // What an object is called in a sentence.
  nameOf(id) {
    if (this.nodes.has(id)) return this.nodes.get(id).name;
    if (this.links.has(id)) return `the link ${this.linkName(this.links.get(id))}`;
    const name = nameOfShape(readShape(this.drawings.get(id)?.svg ?? ""));
    return `the ${name[0].toLowerCase()}${name.slice(1)}`;
  }
}

const PROBLEMS_AFTER_MS = 500;

// The name of a node's port, from its `ports` or from the end of a link.
export const portKey = ({ adapter_number, port_number }) => `${adapter_number}/${port_number}`;

// Lets the page react to the user between two steps, each of which takes long in a large lab.
const breath = () => new Promise((done) => { setTimeout(done); });

// The kinds of objects in a project: where they are stored here, and the name of their id.
const KINDS = new Map([
  ["node", ["nodes", "node_id"]],
  ["link", ["links", "link_id"]],
  ["drawing", ["drawings", "drawing_id"]],
]);
const CHANGES = new Set(["created", "updated", "deleted"]);
// How far something is that a client has asked for.
const PROGRESS = new Map([["link.benchmark", "benchmark"], ["node.traffic", "traffic"], ["project.mesh", "mesh"]]);

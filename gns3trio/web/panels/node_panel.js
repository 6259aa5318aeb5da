// The panel of a node: its properties, actions, and pings and traffic from a VPCS.

import { act, button, enable } from "../actions.js";
import { at, get, post, socketUrl } from "../api.js";
import { copyButton, shortPath } from "../copy_text.js";
import { h, heads, refill, setText } from "../dom.js";
import { consoleAddress, consolePath, hasConsole, hasViewer, openConsole } from "../drawer/consoles.js";
import { NodeFiles } from "../files/node_files.js";
import { makeNodeTraffic } from "../flows/node_traffic.js";
import { formatCount } from "../format.js";
import { reasonOf } from "../hosts/host_texts.js";
import { canMove, moveNode } from "../hosts/move_node.js";
import { Poll } from "../hosts/poll.js";
import { portKey } from "../lab.js";
import { tell } from "../messages.js";
import { Plot } from "../plot.js";
import { NodeSettings } from "../properties/node_settings.js";
import { nodeLabel } from "./label_fields.js";
import { NodeEngine } from "./node_engine.js";
import { natFacts } from "./nat_facts.js";
import { PingReader, isAddress } from "./ping_reader.js";
import { tabs } from "./tabs.js";
import { usageFacts } from "./usage_facts.js";
import { WindowedList } from "./windowed_list.js";

const PINGS = 20;
const PING_INTERVAL_MS = 250;
const PATIENCE_MS = 30000;

export class NodePanel {
  constructor(side, id, tools) {
    const { lab, drawer, graph, commands, deleteThing } = tools;
    Object.assign(this, { id, lab, drawer, graph, settings: null });
    const node = lab.nodes.get(id);
    const path = `${lab.path}/nodes/${id}`;
    this.path = path;
    this.host = node.compute_id;
    this.title = h("h2");
    this.status = h("span");
    this.problem = h("p", { className: "problem", role: "status" });
    this.facts = h("dl");
    this.used = [];
    this.asking = new Poll(`${path}/usage`, (usage) => {
      this.used = usageFacts(usage);
      this.drawFacts();
    });
    this.ports = new WindowedList(({ id: key }) => this.makePort(key));
    const { rights } = lab;
    const power = (text, what, options) => rights.guard("Node.PowerMgmt", button(text, () => post(`${path}/${what}`), options));
    this.start = power("Start", "start", { className: "primary" });
    this.stop = power("Stop", "stop");
    this.suspend = power("Suspend", "suspend");
    this.reload = power("Reload", "reload");
    this.move = rights.guard("Node.Modify", button("Move to host…", () => moveNode(lab, lab.nodes.get(id))));
    this.console = rights.guard("Node.Console", button("Console", () => openConsole(drawer, lab, lab.nodes.get(id))));
    const isHere = lab.hosts.of(node) === null;
    const engines = lab.types.get(node.node_type)?.engines ?? [];
    this.traffic = makeNodeTraffic(lab, id);
    this.engine = engines.length ? new NodeEngine(tools, id, engines, (engine) => this.traffic.show(engine === "builtin")) : null;
    const canPing = lab.can(node, "ping");
    const shown = [{ id: "overview", title: "Overview", make: () => [this.facts, this.engine && rights.fence("Node.Modify", this.engine.parts), h("h3", {}, "Ports"), this.ports.element,
      isHere && lab.can(node, "mac_table") ? this.makeMacs() : null] }];
    shown.push({ id: "settings", title: "Settings", needs: "Node.Modify", make: () => (this.settings = new NodeSettings(tools, [id])).element });
    if (node.node_directory) shown.push({ id: "files", title: "Files", make: () => new NodeFiles(tools, id).element });
    this.look = nodeLabel(tools, id);
    shown.push({ id: "look", title: "Look", needs: "Node.Modify", make: () => this.look.element });
    if (canPing || engines.length) shown.push({ id: "traffic", title: "Traffic", needs: "Node.Console", make: () => [canPing ? this.makePing() : null, this.traffic.parts] });
    this.tabs = tabs(shown, { label: "About this node", kind: "node", rights });
    this.parts = h("div", {}, this.title, h("p", {}, this.status), this.problem,
      h("p", { className: "buttons" }, this.start, this.suspend, this.stop, this.reload, this.console,
        rights.guard("Node.Modify", button("Rename", () => commands.run("rename"))),
        rights.guard("Link.Allocate", button("Link to…", () => graph.startLink(id))),
        this.move,
        rights.guard("Node.Allocate", button("Delete", () => deleteThing(id), { className: "danger" }))),
      this.tabs.element);
    side.replaceChildren(this.parts);
    if (this.engine && !isHere) this.showEngineOf(node.compute_id);
    this.draw();
    if (!lab.types.get(node.node_type)?.always_runs) this.asking.start();
  }

  // A gns3-server has no choice of engines.
  async showEngineOf(host) {
    this.engine.parts.hidden = true;
    this.engine.parts.hidden = !(await this.lab.hosts.isOurs(host));
  }

  alive() {
    return this.lab.nodes.get(this.id)?.compute_id === this.host && this.parts.isConnected;
  }

  close() {
    if (!this.lab.nodes.has(this.id) && this.settings?.isChanged) {
      tell(`${this.title.textContent} was deleted. What you have typed into its settings is kept for the case that it comes back.`, "warning");
    }
    this.pinging?.close();
    this.asking.close();
    this.traffic.close();
  }

  update(changed) {
    if (!changed.has(this.id)) return;
    if (!this.lab.nodes.has(this.id)) this.asking.close();
    if (this.lab.nodes.has(this.id) && !this.alive()) this.graph.select(this.id); // it was moved: another host offers other things
    else this.draw();
    this.settings?.update(changed);
  }

  draw() {
    const node = this.lab.nodes.get(this.id);
    if (!node) return;
    setText(this.title, node.name);
    const away = this.lab.hosts.of(node)?.away;
    setText(this.status, away ? `${node.status} when its host was last seen` : node.status);
    this.status.className = `status ${away ? "away" : node.status}`;
    const problem = this.describeProblem(node);
    setText(this.problem, problem);
    this.problem.hidden = !problem;
    const type = this.lab.types.get(node.node_type);
    const canStop = !type?.always_runs && !problem;
    this.start.hidden = this.stop.hidden = this.reload.hidden = !canStop;
    this.move.hidden = !canMove(this.lab, node);
    this.console.hidden = !hasViewer(node);
    this.suspend.hidden = !canStop || !type?.can_suspend;
    enable(this.suspend, node.status === "started");
    setText(this.start, node.status === "suspended" ? "Resume" : "Start");
    enable(this.start, node.status !== "started");
    enable(this.stop, node.status !== "stopped");
    enable(this.reload, node.status !== "stopped");
    this.drawFacts();
    this.engine?.update();
    this.look.draw();
    this.linked = this.lab.linksByPort(this.id);
    this.ports.show(node.ports.map((port) => ({ id: portKey(port), name: port.short_name })));
  }

  drawFacts() {
    const node = this.lab.nodes.get(this.id);
    if (!node) return;
    const facts = [["Type", this.lab.types.get(node.node_type)?.title ?? node.node_type]];
    const { hosts } = this.lab;
    if (hosts.several) facts.push(["Host", h("a", { href: `${at("/hosts")}#${encodeURIComponent(node.compute_id)}` }, hosts.nameOf(node.compute_id))]);
    if (node.console && hasConsole(node)) facts.push(["Console", consoleAddress(node)]);
    if (node.node_directory) facts.push(["Folder", this.folderOf(node.node_directory)]);
    facts.push(...natFacts(node.properties), ...this.used);
    refill(this.facts, ...facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  }

  // Made once for each folder, so that its button keeps the focus.
  folderOf(path) {
    if (this.folder?.path !== path) this.folder = { path, parts: h("span", { title: path }, shortPath(path).split(/(?<=\/)/).flatMap((part) => [part, h("wbr")]), copyButton(path, "the folder")) };
    return this.folder.parts;
  }

  describeProblem(node) {
    const why = this.lab.hosts.whyAway(node.compute_id);
    if (why !== null) return `Its host ${this.lab.hosts.nameOf(node.compute_id)} is away: ${reasonOf(why)}`;
    const problem = this.lab.problems.get(this.id);
    return problem ? `This node does not run here: ${problem}` : "";
  }

  makePort(key) {
    const [name, end] = [h("span"), h("span", { className: "hint" })];
    const row = h("button", { type: "button", onclick: () => this.graph.select(this.linked.get(key).link_id) }, name, end);
    const update = (port) => {
      const far = this.linked.get(key)?.nodes.find(({ node_id }) => node_id !== this.id);
      row.disabled = !this.linked.has(key);
      setText(name, port.name);
      setText(end, far ? `${this.lab.nodes.get(far.node_id)?.name} ${this.lab.portName(far)}` : "free");
    };
    return { button: row, update };
  }

  makeMacs() {
    const body = h("tbody");
    const refresh = async () => {
      const entries = await get(`${this.path}/mac_table`);
      body.replaceChildren(...entries.map((entry) => h("tr", {},
        [entry.mac, entry.vlan, entry.port_name ?? entry.port, `${formatCount(entry.age)} s`].map((text) => h("td", {}, text)))));
    };
    act(refresh)();
    return [h("h3", {}, "MAC table"), button("Refresh", refresh),
      h("table", {}, heads(["Address", "VLAN", "Port", "Age"]), body)];
  }

  // --- ping ---

  makePing() {
    const address = h("input", { name: "address", placeholder: "10.0.0.2", required: true, size: 14, ariaLabel: "Address to ping" });
    const result = h("div", { ariaLive: "polite" });
    const go = h("button", { className: "primary" }, "Ping");
    const form = h("form", { className: "buttons", onsubmit: (event) => {
      event.preventDefault();
      if (this.isPinging) return;
      this.isPinging = true;
      enable(go, false);
      act(() => this.ping(address.value.trim(), result))().finally(() => {
        this.isPinging = false;
        enable(go, true);
      });
    } }, address, go);
    return [h("h3", {}, "Ping"), form, result];
  }

  // Types a ping command into the node's console, and reads the times from its output.
  ping(address, result) {
    if (!isAddress(address)) throw new Error("The address is not one: write it as 10.0.0.2");
    if (this.lab.nodes.get(this.id)?.status !== "started") throw new Error("The node is not started.");
    return new Promise((resolve, reject) => {
      const socket = (this.pinging = new WebSocket(socketUrl(consolePath(this.lab, this.lab.nodes.get(this.id)))));
      socket.binaryType = "arraybuffer";
      // A console first replays older output. Our output is that after this command, which its unusual timeout identifies.
      const command = `ping ${address} -c ${PINGS} -i ${PING_INTERVAL_MS} -w ${1000 + (Date.now() % 1000)}`;
      const reader = new PingReader(command, PINGS);
      const timer = setTimeout(() => socket.close(), PATIENCE_MS);
      socket.onopen = () => socket.send(new TextEncoder().encode(`${command}\r`));
      socket.onmessage = (message) => {
        reader.receive(message.data);
        this.showPings(result, address, reader);
        if (reader.done) socket.close();
      };
      socket.onerror = () => reject(new Error("The console does not answer."));
      socket.onclose = () => {
        clearTimeout(timer);
        this.showPings(result, address, reader);
        resolve();
      };
    });
  }

  showPings(result, address, reader) {
    const { text, median } = reader.summary(address);
    const plot = (reader.plot ??= new Plot({ label: `Round trip to ${address}`, format: (ms) => `${ms} ms`, formatX: (number) => `ping ${number}`, dots: true }));
    plot.show([{ points: reader.times }], { from: 0, to: PINGS, label: `Round trip to ${address}: ${text}` });
    reader.said ??= h("p", { className: "hint", id: "ping-result" });
    setText(reader.said, text);
    if (!plot.element.isConnected) result.replaceChildren(plot.element, reader.said);
    if (median !== undefined) result.dataset.median = median;
  }
}

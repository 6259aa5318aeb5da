// The panel of one host: its state and load, what runs there, and its trunks to other hosts.

import { button } from "../actions.js";
import { at } from "../api.js";
import { h, heads, refill, setText } from "../dom.js";
import { counted, threeDigits } from "../format.js";
import { Plot } from "../plot.js";
import { changeHost, confirmHost, removeHost } from "./host_form.js";
import { addressOf, nodesText, reasonOf, stateOf, trunkFacts, versionOf } from "./host_texts.js";
import { HostedList } from "./hosted_list.js";
import { LOCAL } from "./hosts.js";
import { usageFacts } from "../panels/usage_facts.js";
import { Poll } from "./poll.js";
import { Trunks } from "./trunks.js";

const SHOWN_MS = 180000;

export class HostPanel {
  // `told` is what /v2/hosts says of the hosts, by id; `histories` their loads: lists of [time, % CPU, % memory].
  constructor(side, id, { hosts, told, histories, typeTitle, rights }) {
    Object.assign(this, { id, hosts, told, histories, typeTitle, rights });
    const compute = hosts.computes.get(id);
    this.title = h("h2", { tabIndex: -1 });
    this.state = h("span");
    this.problem = h("p", { className: "problem", role: "status" });
    this.confirm = rights.guard("Compute.Modify", button("Confirm…", () => confirmHost(this.compute), { className: "primary" }));
    const change = async () => { await changeHost(this.compute, told.get(id)); };
    this.actions = id === LOCAL ? null : h("p", { className: "buttons" }, this.confirm,
      rights.guard("Compute.Modify", button("Change…", change)), rights.guard("Compute.Allocate", button("Remove…", () => removeHost(this.compute), { className: "danger" })));
    this.facts = h("dl");
    this.load = h("div");
    this.used = [];
    this.asking = new Poll(`/v2/hosts/${encodeURIComponent(id)}/usage`, (usage) => {
      this.used = usageFacts(usage).map(([name, text]) => [`${name} of all nodes`, text]);
      this.drawFacts();
    });
    this.types = h("div");
    this.projects = h("div");
    this.links = h("div");
    this.trunks = new Trunks(id, () => this.drawLinks());
    this.hosted = id === LOCAL && rights.has("Compute.Audit") ? new HostedList(rights) : null;
    this.parts = h("div", {}, this.title, h("p", {}, this.state), this.problem, this.actions, this.facts,
      h("h3", {}, "Load"), this.load, h("h3", {}, "Nodes"), this.types, this.projects, this.hosted?.element, h("h3", {}, "Links to other hosts"), this.links);
    side.replaceChildren(this.parts);
    if (compute) this.draw();
  }

  close() {
    this.trunks.close();
    this.asking.close();
    this.hosted?.close();
  }

  get compute() {
    return this.hosts.computes.get(this.id);
  }

  draw() {
    const { compute } = this;
    const told = this.told.get(this.id);
    setText(this.title, this.hosts.nameOf(this.id));
    const state = stateOf(compute, told);
    setText(this.state, state);
    this.state.className = `status ${state.replaceAll(" ", "-")}`;
    setText(this.problem, state === "to be confirmed" ? "A project's file names this host. It is not contacted before you confirm it."
      : compute.connected ? "" : reasonOf(compute.last_error));
    this.problem.hidden = compute.connected;
    this.confirm.hidden = state !== "to be confirmed";
    this.drawFacts();
    this.drawLoad();
    this.drawNodes(told);
  }

  drawFacts() {
    const { compute } = this;
    if (!compute) return;
    const told = this.told.get(this.id);
    const types = compute.capabilities.node_types;
    showFacts(this.facts, [
      ["Address", addressOf(compute)],
      ["User", compute.user],
      ["Certificate", told?.has_certificate ? "its own" : null],
      ["Version", versionOf(compute, told)],
      ["Platform", compute.capabilities.platform],
      ["Node types", types.map(this.typeTitle).toSorted((a, b) => a.localeCompare(b, "en")).join(", ")],
      ...this.used,
    ]);
  }

  drawLoad() {
    const now = Date.now();
    const history = this.histories.get(this.id) ?? [];
    if (!history.length) {
      this.load.replaceChildren(h("p", { className: "hint" }, this.compute.connected ? "It was not told yet." : "It is not known while the host is away."));
      return;
    }
    const series = ["CPU", "Memory"].map((name, place) => ({ name: `${name} ${Math.round(history.at(-1)[place + 1])} %`, points: history.map((point) => [point[0], point[place + 1]]) }));
    this.plot ??= new Plot({ label: "CPU and memory", top: 100, isTime: true, format: (value) => `${threeDigits(value)} %` });
    this.plot.show(series, { from: now - SHOWN_MS, to: now, label: series.map(({ name }) => name).join(", ") });
    if (!this.plot.element.isConnected) this.load.replaceChildren(this.plot.element);
  }

  drawNodes(told) {
    if (!told?.nodes.total) {
      this.types.replaceChildren(h("p", { className: "hint" }, "No open project has nodes here."));
      this.projects.replaceChildren();
    } else {
      this.types.replaceChildren(table(["Type", "Started"], told.node_types.map((each) => [this.typeTitle(each.node_type), nodesText(each)])));
      refill(this.projects, table(["Project", "Started"], told.projects.map((each) =>
        [h("a", { href: at(`/projects/${each.project_id}`) }, each.name), nodesText(each)])));
    }
    if (told?.own_version && !this.asked) this.asking.start();
    if (told?.own_version && !this.asked && this.rights.has("Compute.Audit")) this.trunks.follow(); // only servers of ours have trunks
    this.asked ||= Boolean(told?.own_version);
    this.drawLinks();
  }

  // The trunks, and the hosts to which links lead without one.
  drawLinks() {
    const { peers, trouble } = this.trunks;
    const told = this.told.get(this.id);
    const refusal = this.rights.refusal("Compute.Audit"); // then the trunks are not known
    const rest = (told?.links ?? []).filter((each) => !this.trunks.to(each.compute_id)?.links);
    const nothing = peers.length || rest.length ? null : h("p", { className: "hint" }, "No link leads to another host.");
    this.links.replaceChildren(...[
      trouble && told?.own_version ? h("p", { className: "problem" }, trouble) : null,
      ...peers.map((peer) => this.drawTrunk(peer)),
      ...rest.map((each) => h("p", {}, `${this.hosts.nameOf(each.compute_id)}: ${counted(each.links, "link")}${refusal ? "" : " with a UDP port each"}`)),
      nothing,
    ].filter(Boolean));
  }

  drawTrunk(peer) {
    const name = peer.compute_id === null ? peer.host : this.hosts.nameOf(peer.compute_id);
    const facts = h("dl");
    showFacts(facts, trunkFacts(peer));
    return h("section", { className: "trunk", ariaLabel: `Trunk to ${name}` },
      h("p", {}, h("strong", {}, name), " ", h("span", { className: `status ${peer.state}` }, peer.state === "waiting" ? "waiting for an answer" : peer.state)),
      peer.reason ? h("p", { className: "problem" }, peer.reason) : null, facts);
  }
}

const table = (names, rows) => h("table", {}, heads(names),
  h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell))))));

function showFacts(list, facts) {
  const known = facts.filter(([, value]) => value);
  refill(list, ...known.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}


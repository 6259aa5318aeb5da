// The page of the hosts that run nodes: a table of all, and the details of one.

import { button } from "../actions.js";
import { get } from "../api.js";
import { classNames, h, heads, setText } from "../dom.js";
import { counted, formatCount } from "../format.js";
import { showConnection, tell } from "../messages.js";
import { Rights } from "../people/rights.js";
import { addHost } from "./host_form.js";
import { HostPanel } from "./host_panel.js";
import { addressOf, nodesText, percent, reasonOf, stateOf, trunkText, versionOf } from "./host_texts.js";
import { Hosts, LOCAL } from "./hosts.js";
import { Poll } from "./poll.js";
import { Trunks } from "./trunks.js";

const HISTORY_MS = 180000;
// Fewer hosts are found without a search.
const FEW = 8;
const HEADS = ["Host", "State", "CPU", "Memory", "Nodes started", "Trunk from here", "Version"];

export function showHosts(main) {
  document.title = "Hosts · gns3trio";
  const told = new Map(); // what /v2/hosts says, by id
  const histories = new Map(); // of the loads, by id
  const rows = new Map(); // by id: {element, update}
  let [chosen, panel, titles] = [idInAddress(), null, new Map()];
  const typeTitle = (type) => titles.get(type) ?? type;
  const rights = new Rights("/computes");
  const hosts = new Hosts({ onState: showAll, onLoad: showLoad });
  const trunks = new Trunks(LOCAL, () => { for (const row of rows.values()) row.showTrunk(); });
  const counts = h("p", { className: "hint", role: "status" });
  const search = h("input", { type: "search", placeholder: "Find a host", ariaLabel: "Find a host", maxLength: 200, oninput: showAll });
  const body = h("tbody");
  const alone = h("p", { className: "hint", hidden: true }, "Only this server runs nodes. Add a host to spread labs over several machines: another gns3trio, or a gns3-server 2.2 or 3.0 "
    + "with its QEMU, Docker and Dynamips.");
  const none = h("p", { className: "hint", hidden: true }, "No host has these words in its name, address or state.");
  const side = h("aside", { className: "side", ariaLabel: "Details of the host" });
  main.replaceChildren(h("div", { className: "hosts" },
    h("section", { className: "list-of-hosts", ariaLabel: "Hosts" },
      h("div", { className: "buttons head" }, h("h1", {}, "Hosts"), rights.guard("Compute.Allocate", button("Add host…", add, { className: "primary" }))),
      counts, search,
      h("div", { className: "wide" }, h("table", {}, heads(HEADS), body)),
      alone, none),
    side));
  addEventListener("hashchange", () => choose(idInAddress()));
  setInterval(() => panel?.drawLoad(), 1000);
  hosts.follow({
    onEvent: (action, event) => {
      if (action.startsWith("log.")) tell(event.message, action.slice("log.".length));
    },
    onReload: async () => {
      const [types] = await Promise.all([get("/v2/node_types"), rights.read()]);
      titles = new Map(types.map((type) => [type.node_type, type.title]));
      if (rights.has("Compute.Audit")) followTrunks();
      showAll();
    },
    onConnection: showConnection,
    onError: (error) => tell(error.message, "error"),
  });

  let followsTrunks = false;

  function followTrunks() {
    if (!followsTrunks) trunks.follow();
    followsTrunks = true;
  }

  async function add() {
    const made = await addHost();
    if (!made) return;
    hosts.apply("compute.created", made);
    location.hash = encodeURIComponent(made.compute_id);
    if (!made.connected) tell(`${made.name} was added, but cannot be reached: ${reasonOf(made.last_error)}`, "warning");
  }

  function take(reply) {
    if (reply === null) return; // the stream of events tells that the server does not answer
    told.clear();
    for (const host of reply) told.set(host.compute_id, host);
    showAll();
  }

  // --- the table ---

  function showAll() {
    if (!hosts.computes.size) return; // they are not known yet
    const words = search.value.trim().toLowerCase().split(/\s+/);
    const sorted = [...hosts.computes.values()].toSorted((a, b) => Number(b.compute_id === LOCAL) - Number(a.compute_id === LOCAL) || compareNames(a.name, b.name));
    const found = sorted.filter((each) => words.every((word) => textOf(each).includes(word)));
    const elements = found.map((each) => {
      const row = rows.get(each.compute_id) ?? makeRow(each.compute_id);
      row.update();
      return row.element;
    });
    if (elements.length !== body.children.length || elements.some((each, place) => body.children[place] !== each)) placeRows(elements);
    for (const id of rows.keys()) if (!hosts.computes.has(id)) rows.delete(id);
    search.hidden = sorted.length <= FEW && !search.value;
    alone.hidden = sorted.length !== 1;
    none.hidden = found.length > 0;
    showSum(sorted);
    if (hosts.computes.has(chosen)) showPanel();
    else choose(LOCAL);
  }

  // Moving a row would take the focus from it.
  function placeRows(elements) {
    const focused = document.activeElement;
    body.replaceChildren(...elements);
    if (focused !== document.activeElement && body.contains(focused)) focused.focus({ preventScroll: true });
  }

  function showSum(all) {
    const [away, total, started] = [all.filter((each) => !each.connected).length, ...["total", "started"].map((what) =>
      all.reduce((sum, { compute_id }) => sum + (told.get(compute_id)?.nodes[what] ?? 0), 0))];
    setText(counts, `${counted(all.length, "host")}${away ? `, ${formatCount(away)} away` : ""}; ${counted(total, "node")}, ${formatCount(started)} started.`);
  }

  const textOf = (each) => [each.name, addressOf(each), stateOf(each, told.get(each.compute_id)), versionOf(each, told.get(each.compute_id))].join("\n").toLowerCase();

  function makeRow(id) {
    const link = h("a", { href: `#${encodeURIComponent(id)}` });
    const [address, state, why, trunk, version] = [h("div", { className: "hint" }), h("span"), h("div", { className: "problem" }), h("td"), h("td")];
    const [cpu, memory, nodes] = ["load", "load", ""].map((kind) => h("td", { className: classNames("number", { [kind]: kind !== "" }) }));
    const element = h("tr", { onclick: (event) => { if (event.target !== link) link.click(); } },
      h("th", { scope: "row" }, link, address), h("td", {}, state, why), cpu, memory, nodes, trunk, version);
    const row = {
      element,
      update: () => {
        const compute = hosts.computes.get(id);
        const host = told.get(id);
        const text = stateOf(compute, host);
        setText(link, hosts.nameOf(id));
        link.setAttribute("aria-current", String(chosen === id));
        element.className = chosen === id ? "chosen" : "";
        setText(address, addressOf(compute));
        setText(state, text);
        state.className = `status ${text.replaceAll(" ", "-")}`;
        setText(why, text === "away" ? reasonOf(compute.last_error) : "");
        setText(nodes, host ? nodesText(host.nodes) : "");
        setText(version, versionOf(compute, host));
        row.showLoad();
        row.showTrunk();
      },
      showTrunk: () => setText(trunk, trunkText(trunks.to(id))),
      showLoad: () => {
        const { cpu_usage_percent, memory_usage_percent } = hosts.computes.get(id);
        for (const [cell, value] of [[cpu, cpu_usage_percent], [memory, memory_usage_percent]]) {
          setText(cell, percent(value));
          cell.style.setProperty("--part", `${value ?? 0}%`);
        }
      },
    };
    rows.set(id, row);
    return row;
  }

  function showLoad(id) {
    const compute = hosts.computes.get(id);
    const now = Date.now();
    if (compute.cpu_usage_percent !== null) {
      if (!histories.has(id)) histories.set(id, []);
      const history = histories.get(id);
      history.push([now, compute.cpu_usage_percent, compute.memory_usage_percent]);
      while (history[0][0] < now - HISTORY_MS) history.shift();
    }
    rows.get(id)?.showLoad();
  }

  // --- one host ---

  function choose(id) {
    const before = chosen;
    chosen = id;
    if (!hosts.computes.has(id) && hosts.computes.size) chosen = LOCAL;
    for (const each of [before, chosen]) rows.get(each)?.update();
    if (!hosts.computes.size) return;
    showPanel();
    if (side.offsetTop > 0 && matchMedia("(max-width: 50rem)").matches) panel.title.scrollIntoView({ block: "start" }); // it is below the table
  }

  function showPanel() {
    if (panel?.id === chosen) {
      panel.draw();
      return;
    }
    panel?.close();
    panel = new HostPanel(side, chosen, { hosts, told, histories, typeTitle, rights });
  }

  new Poll("/v2/hosts", take).start();
}

// The host that the address of the page names, as in /hosts#attic.
function idInAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || LOCAL;
  } catch {
    return LOCAL; // it was written by hand
  }
}

const compareNames = (a, b) => a.localeCompare(b, "en", { numeric: true });

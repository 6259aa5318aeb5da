// The panel when nothing is selected: a list of all objects, searchable by name.

import { button } from "../actions.js";
import { ROOT, post } from "../api.js";
import { h } from "../dom.js";
import { counted, formatCount, formatRate } from "../format.js";
import { findThings } from "./find_things.js";

const MOST = 200;

export function showOverview(side, { lab, graph }) {
  const counts = h("p", { className: "hint" });
  const search = h("input", { type: "search", placeholder: "Find a node or link", ariaLabel: "Find a node or link", oninput: draw });
  const list = h("ul", { className: "list", style: "max-height: none" });
  side.replaceChildren(h("h2", {}, lab.project?.name ?? ""), counts,
    h("p", { className: "buttons" }, button("Close project", closeProject)),
    h("h3", {}, "Nodes and links"), search, list,
    h("p", { className: "hint" }, "Keys in the drawing: arrows choose, Shift+arrows move, Enter opens the console, L begins a link, Delete deletes."));

  async function closeProject() {
    await post(`${lab.path}/close`);
    location.href = ROOT;
  }

  function draw() {
    const started = [...lab.nodes.values()].filter((node) => node.status === "started").length;
    counts.textContent = `${counted(lab.nodes.size, "node")}, ${formatCount(started)} started; ${counted(lab.links.size, "link")}.`;
    const nodes = [...lab.nodes.values()].map((node) => [node.node_id, node.name, lab.problems.has(node.node_id) ? "not run here" : node.status]);
    const links = [...lab.links.values()].map((link) => [link.link_id, lab.linkName(link), loadOf(link.link_id)]);
    const found = findThings(nodes, links, search.value);
    list.replaceChildren(...found.slice(0, MOST).map(([id, name, state]) => h("li", {},
      h("button", { type: "button", onclick: () => show(id) }, h("span", {}, name), h("span", { className: `hint status ${state}` }, state)))));
    if (found.length > MOST) list.append(h("li", { className: "hint" }, `… and ${found.length - MOST} more`));
  }

  function show(id) {
    graph.reveal(id);
    graph.select(id, true);
  }

  function loadOf(id) {
    if (lab.problems.has(id)) return "broken";
    const { bits } = lab.rate(id);
    return bits ? formatRate(bits) : "idle";
  }

  draw();
  const timer = setInterval(draw, 2000);
  return { id: null, close: () => clearInterval(timer), update: () => {}, alive: () => Boolean(lab.project) && side.contains(list) && list.childElementCount > 0 };
}

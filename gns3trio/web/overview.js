// The panel when nothing is chosen: what there is, to find it by name.

import { button, counted, formatCount, formatRate, h } from "./dom.js";
import { ROOT, post } from "./api.js";

const collator = new Intl.Collator("en", { numeric: true });

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

  const MOST = 200;

  function draw() {
    const started = [...lab.nodes.values()].filter((node) => node.status === "started").length;
    counts.textContent = `${counted(lab.nodes.size, "node")}, ${formatCount(started)} started; ${counted(lab.links.size, "link")}.`;
    const wanted = search.value.toLowerCase();
    const things = [
      ...[...lab.nodes.values()].map((node) => [node.node_id, node.name, lab.problems.has(node.node_id) ? "not run here" : node.status]),
      ...[...lab.links.values()].map((link) => [link.link_id, lab.linkName(link), loadOf(link.link_id)]),
    ].filter(([, name]) => name.toLowerCase().includes(wanted));
    // What bears the name comes before what begins with it, and that before the rest; nodes come before links.
    const rank = ([id, name]) => {
      const found = name.toLowerCase();
      return (found === wanted ? 0 : found.startsWith(wanted) ? 2 : 4) + (lab.nodes.has(id) ? 0 : 1);
    };
    const sorted = things.sort((a, b) => rank(a) - rank(b) || collator.compare(a[1], b[1]));
    list.replaceChildren(...sorted.slice(0, MOST).map(([id, name, state]) => h("li", {},
      h("button", { type: "button", onclick: () => show(id) }, h("span", {}, name), h("span", { className: `hint status ${state}` }, state)))));
    if (things.length > MOST) list.append(h("li", { className: "hint" }, `… and ${things.length - MOST} more`));
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

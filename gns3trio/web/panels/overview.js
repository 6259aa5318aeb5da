// The panel when nothing or a group is selected: a list of the objects, which can be searched.

import { button } from "../actions.js";
import { ROOT, post } from "../api.js";
import { h, setText } from "../dom.js";
import { counted, formatCount, formatRate } from "../format.js";
import { exportProject } from "../projects/export.js";
import { WindowedList } from "./windowed_list.js";

const DRAW_EVERY_MS = 2000;
// The list of a large lab is brought up to date in steps of this length.
const STEP_MS = 20;

// `finding` is what the user looks for, which stays when another panel is shown: `text`, and the id of the object that was `chosen`.
export function showOverview(side, { lab, graph, index, finding }, group) {
  const members = group && new Set(group.nodes.map(({ node_id }) => node_id));
  const counts = h("p", { className: "hint" });
  const search = h("input", { type: "search", placeholder: "Find a node or link (/)", ariaLabel: "Find a node or link",
    title: "Words of a name, a type, a status, a host or a console", value: finding.text, maxLength: 200, oninput: changeText, onkeydown: pressKey });
  const hits = h("p", { className: "hint", role: "status", hidden: true });
  const list = new WindowedList(makeRow);
  let timer = null;
  const actions = group ? button("Zoom in", () => graph.enterGroup(group.id))
    : [lab.rights.guard("Project.Modify|Project.Allocate", button("Close project", closeProject)),
      button("Export", () => exportProject({ ...lab.project, status: "opened" }), { title: "Save the lab as a file: with everything, or as a text for git" })];
  side.replaceChildren(h("div", { className: "overview" }, h("h2", {}, group ? `Group of ${counted(members.size, "node")}` : lab.project?.name ?? ""), counts,
    h("p", { className: "buttons" }, actions),
    h("h3", {}, group ? "Nodes" : "Nodes and links"), search, hits, list.element,
    h("p", { className: "hint" }, "Keys on the map: arrows choose, Shift+arrows move, Enter opens the console or a group, L begins a link, / finds. Press ? for all of them.")));

  async function closeProject() {
    await post(`${lab.path}/close`);
    location.href = ROOT;
  }

  function draw() {
    clearTimeout(timer);
    timer = setTimeout(draw, index.refresh(STEP_MS) ? DRAW_EVERY_MS : 0);
    const nodes = group ? group.nodes.map(({ node_id }) => lab.nodes.get(node_id)).filter(Boolean) : [...lab.nodes.values()];
    const started = nodes.reduce((count, { status }) => count + (status === "started" ? 1 : 0), 0);
    setText(counts, `${counted(nodes.length, "node")}, ${formatCount(started)} started${group ? "" : `; ${counted(lab.links.size, "link")}`}.`);
    const found = index.find(search.value, members);
    hits.hidden = search.value.trim() === "";
    setText(hits, hits.hidden ? "" : `${formatCount(found.length)} found.`);
    list.show(found);
  }

  function makeRow({ id }) {
    const [name, conditions, state] = [h("span", { className: "name" }), h("span", { className: "conditions" }), h("span")];
    return {
      button: h("button", { type: "button", onclick: () => show(id) }, name, conditions, state),
      update: (entry) => {
        setText(name, entry.name);
        name.title = entry.name;
        setText(conditions, conditionsOf(entry));
        conditions.title = entry.conditions?.join(", ") ?? "";
        setText(state, stateOf(entry));
        state.className = `hint status ${stateOf(entry)}`;
      },
    };
  }

  function stateOf({ id, isLink }) {
    if (!isLink) return lab.nodes.has(id) ? lab.stateOf(lab.nodes.get(id)) : "";
    if (lab.problems.has(id)) return "broken";
    if (lab.links.get(id)?.suspend) return "suspended";
    const { bits } = lab.rate(id);
    return bits ? formatRate(bits) : "idle";
  }

  // What is set on a link is shown before its load.
  function conditionsOf({ isLink, conditions }) {
    if (!isLink || !conditions.length) return "";
    return conditions.length > 1 ? `${conditions[0]} +${conditions.length - 1}` : conditions[0];
  }

  function changeText() {
    Object.assign(finding, { text: search.value, chosen: null });
    list.element.scrollTop = 0;
    draw();
  }

  function pressKey(event) {
    if (event.key === "ArrowDown") list.focus(placeOfChosen() + 1);
    else if (event.key === "Enter" && list.items.length) show(list.items[0].id);
    else return;
    event.preventDefault();
  }

  const placeOfChosen = () => list.items.findIndex(({ id }) => id === finding.chosen);

  function show(id) {
    if (!graph.exists(id)) return; // it was deleted just now
    finding.chosen = id;
    graph.reveal(id);
    graph.select(id, true);
  }

  draw();
  if (finding.chosen) list.scrollTo(placeOfChosen());
  return {
    id: group?.id ?? null,
    close: () => clearTimeout(timer),
    update: (changed) => {
      if ([...changed].some((id) => index.entries.has(id) && !lab.nodes.has(id) && !lab.links.has(id))) draw(); // what was deleted goes at once
    },
    alive: () => Boolean(lab.project) && side.contains(list.element) && list.items.length > 0,
    find: () => {
      search.focus();
      search.select();
    },
  };
}

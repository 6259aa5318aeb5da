// Traffic between many PCs at once: how to send, the progress, and the report as a heat map, a list and files.

import { act, button } from "../actions.js";
import { h } from "../dom.js";
import { counted, formatCount } from "../format.js";
import { labelled, makeFlowFields } from "./flow_fields.js";
import { makeFlowRun } from "./flow_run.js";
import { HeatMap } from "./heat_map.js";
import { MOST_NODES } from "./heat_layout.js";
import { MEASURES, csvOf, describeMesh } from "./mesh_report.js";
import { asPart, nodesNamed } from "./node_names.js";
import { PairList } from "./pair_list.js";

const MOST_PAIRS = 20_000;

export function showMesh(drawer, lab, graph) {
  drawer.show("mesh", "Mesh", () => makeMesh(lab, graph));
}

function makeMesh(lab, graph) {
  const who = h("select", { name: "who", onchange: showNames }, h("option", { value: "all" }, "all PCs that run"), h("option", { value: "named" }, "only these:"));
  const names = h("input", { name: "names", placeholder: "PC1, PC2, web*", size: 24, ariaLabel: "Names of the PCs" });
  const add = button("Add selected", addSelected, { title: "The PC or group that is selected on the map" });
  const named = h("span", { className: "buttons" }, names, add);
  const flow = makeFlowFields({ rate: "10", bytes: 128, seconds: 5 });
  const most = h("input", { type: "number", name: "pairs", min: 1, max: MOST_PAIRS, value: 1000, required: true, title: "If there are more pairs, so many of them are chosen" });
  const seed = h("input", { type: "number", name: "seed", step: 1, value: 0, required: true, title: "The same seed chooses the same pairs" });
  const place = h("div");
  let report = null;

  const run = makeFlowRun({
    lab, kind: "mesh", path: `${lab.path}/mesh`, text: "Send",
    isOurs: () => true,
    request: () => ({
      ...(who.value === "named" ? { node_ids: nodesNamed(names.value, [...lab.nodes.values()], canSend) } : {}),
      ...flow.read(), max_pairs: Number(most.value), seed: Number(seed.value),
    }),
    describe: ({ pairs, sent, lost }) => `${counted(pairs, "pair")}, ${formatCount(sent)} sent, ${formatCount(lost)} lost or on their way`,
    show: (result) => {
      report?.close();
      report = new MeshReport(result, (pair) => act(() => choose(result, pair))());
      place.replaceChildren(report.element);
    },
  });
  const form = h("form", { onsubmit: (event) => {
    event.preventDefault();
    run.start();
  } }, h("div", { className: "options" }, labelled("Who", who), named, flow.fields, labelled("Most pairs", most), labelled("Seed", seed), run.go, run.cancel));
  const element = h("div", { className: "mesh" }, form, run.progress, place);
  showNames();

  function showNames() {
    named.hidden = who.value !== "named";
  }

  const canSend = (node) => node.status === "started" && (lab.types.get(node.node_type)?.engines ?? []).includes("builtin");

  function addSelected() {
    const node = lab.nodes.get(graph.selected);
    const chosen = node ? [node] : (graph.group(graph.selected)?.nodes ?? []).filter(canSend);
    if (!chosen.length) throw new Error("Select a PC on the map, or a group.");
    names.value = [...new Set([...names.value.split(",").map((part) => part.trim()).filter(Boolean), ...chosen.map(({ name }) => asPart(name))])].join(", ");
  }

  // Selects both PCs on the map.
  function choose({ nodes }, pair) {
    const [from, to] = [pair.sender, pair.receiver].map((each) => nodes[each].node_id);
    if (![from, to].every((id) => lab.nodes.has(id))) throw new Error("A PC of this pair was deleted.");
    graph.selectWith(from, [to]);
  }

  return {
    element,
    alive: () => true,
    close: () => {
      run.close();
      report?.close();
    },
  };
}

class MeshReport {
  constructor(report, onChoose) {
    this.pairs = new PairList(report, onChoose);
    this.heat = report.nodes.length <= MOST_NODES ? new HeatMap(report, onChoose) : null;
    const shown = Object.entries(MEASURES).filter(([name]) => name !== "roundTrip" || report.pairs.some(({ round_trip }) => round_trip));
    const measure = h("select", { name: "show", onchange: () => this.heat.show(measure.value) }, shown.map(([name, { title }]) => h("option", { value: name }, title)));
    this.element = h("section", { ariaLabel: "Report" },
      h("p", { className: "buttons" }, h("span", {}, describeMesh(report)),
        button("Save JSON", () => save("mesh.json", "application/json", JSON.stringify(report, null, 1))),
        button("Save CSV", () => save("mesh.csv", "text/csv", csvOf(report)))),
      h("div", { className: "report" },
        this.heat ? h("div", {}, h("label", { className: "buttons" }, "Show", measure), this.heat.element)
          : h("p", { className: "hint" }, `A heat map shows up to ${MOST_NODES} PCs. The list has all pairs.`),
        this.pairs.element));
    this.heat?.show("loss");
  }

  close() {
    this.pairs.close();
    this.heat?.close();
  }
}

function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

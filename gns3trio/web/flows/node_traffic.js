// Traffic that a built-in PC sends to another PC or to an address, in its panel.

import { h, setText } from "../dom.js";
import { formatCount } from "../format.js";
import { labelled, makeFlowFields } from "./flow_fields.js";
import { LATENCY_HEAD, factsOf, latenciesOf } from "./flow_report.js";
import { makeFlowRun } from "./flow_run.js";

// So many names are offered; others can be typed.
const MOST_OFFERED = 200;

// Where to send: the node with this name, or else an address.
export function targetOf(text, lab, senderId) {
  const name = text.trim();
  for (const node of lab.nodes.values()) if (node.name === name && node.node_id !== senderId) return { to_node_id: node.node_id };
  if (!/^[\d.]+$|^[\da-f:.]*:[\da-f:.]*$/i.test(name)) throw new Error(`No other node is called '${name}', and it is not an address.`);
  return { address: name };
}

// Returns the parts of a panel, `show(isPossible)`, and `close()`, which ends the traffic.
export function makeNodeTraffic(lab, id) {
  const names = h("datalist", { id: "traffic-targets" });
  const to = h("input", { name: "to", placeholder: "PC2 or 10.0.0.2", required: true, size: 14, list: "traffic-targets", maxLength: 255, onfocus: offerNames });
  const flow = makeFlowFields({ rate: "1000", bytes: 512, seconds: 2 });
  const report = h("div");
  let asked = null;
  const run = makeFlowRun({
    lab, kind: "traffic", path: `${lab.path}/nodes/${id}/traffic`, text: "Send",
    isOurs: (event) => event.node_id === id,
    request: () => {
      asked = { ...targetOf(to.value, lab, id), ...flow.read() };
      report.replaceChildren();
      return asked;
    },
    describe: ({ sent, lost, address }) =>
      `${formatCount(sent)} sent to ${address}${lost === null ? "" : `, ${formatCount(lost)} lost or on their way`}`,
    show: (result) => report.replaceChildren(...showReport(result, asked.round_trip)),
  });
  const form = h("form", { onsubmit: (event) => {
    event.preventDefault();
    run.start();
  } }, h("div", { className: "options" }, labelled("To", to), flow.fields), names, h("p", { className: "buttons" }, run.go, run.cancel));
  const title = h("h3", {}, "Traffic");
  const parts = h("section", { hidden: true, ariaLabel: "Traffic" }, title, form, run.progress, report);

  function offerNames() {
    const offered = [...lab.nodes.values()].filter((node) => node.node_id !== id && lab.types.get(node.node_type)?.engines?.includes("builtin"));
    names.replaceChildren(...offered.slice(0, MOST_OFFERED).map((node) => h("option", { value: node.name })));
  }

  return { parts, show: (isPossible) => { parts.hidden = !isPossible; }, close: run.close };
}

function showReport(result, roundTrip) {
  const latencies = latenciesOf(result);
  const row = (kind, texts) => h("tr", {}, texts.map((text, place) => h(place ? kind : "th", { className: place ? "number" : "" }, text)));
  const address = h("p", { className: "hint" });
  setText(address, `To ${result.address}`);
  return [address, h("dl", {}, factsOf(result, roundTrip).map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)])),
    latencies.length ? h("table", {}, h("thead", {}, row("th", LATENCY_HEAD)), h("tbody", {}, latencies.map((texts) => row("td", texts)))) : null].filter(Boolean);
}

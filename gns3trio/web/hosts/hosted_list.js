// The projects that other controllers have open on this server, whose nodes no project here shows.

import { ask, button } from "../actions.js";
import { post } from "../api.js";
import { h, heads } from "../dom.js";
import { nodesText } from "./host_texts.js";
import { Poll } from "./poll.js";

export class HostedList {
  constructor(rights) {
    this.rights = rights;
    this.element = h("div");
    this.shown = "";
    this.poll = new Poll("/v2/hosted_projects", (projects) => this.show(projects ?? []));
    this.poll.start();
  }

  close() {
    this.poll.close();
  }

  show(projects) {
    const text = JSON.stringify(projects);
    if (text === this.shown) return; // the buttons keep the focus
    this.shown = text;
    const row = (each) => h("tr", {},
      h("td", {}, each.name),
      h("td", {}, `${each.user ? `${each.user} at ` : ""}${each.host}`, each.connected ? "" : h("div", { className: "problem" }, "is away")),
      h("td", {}, nodesText(each.nodes)),
      h("td", {}, this.rights.guard("Compute.Modify", button("Close…", () => closeHosted(each), { className: "danger", ariaLabel: `Close ${each.name}` }))));
    this.element.replaceChildren(...(projects.length ? [h("h3", {}, "Projects of other controllers"),
      h("table", {}, heads(["Project", "Controller", "Started", ""]),
        h("tbody", {}, projects.map(row)))] : []));
  }
}

async function closeHosted({ hosted_id: id, name, host }) {
  const text = h("p", {}, `The controller at ${host} has it open. Its nodes on this server stop; their files stay.`);
  if (await ask(`Close ${name}?`, text, "Close", { danger: true })) await post(`/v2/hosted_projects/${id}/close`);
}

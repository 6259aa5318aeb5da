// The newest entries of the audit trail: who changed what, of all or of one user or project.

import { act } from "../actions.js";
import { get } from "../api.js";
import { h, heads } from "../dom.js";
import { KINDS } from "./records.js";

const SHOWN = 50;
const HEADS = ["Time", "User", "What", "Project"];

export class Changes {
  constructor() {
    const choose = act(() => this.read());
    this.user = h("select", { ariaLabel: "Changes of which user", onchange: choose });
    this.project = h("select", { ariaLabel: "Changes of which project", onchange: choose });
    this.body = h("tbody");
    this.projects = [];
    this.element = h("div", {}, h("div", { className: "buttons head" }, h("h1", {}, "Changes"), this.user, this.project),
      h("div", { className: "wide people" }, h("table", {}, heads(HEADS), this.body)));
  }

  async show({ users, projects }) {
    this.projects = projects;
    fill(this.user, "all users", users.map((each) => [each[KINDS.users.name], each[KINDS.users.name]]));
    fill(this.project, "all projects", projects.map((each) => [each.project_id, each.name]));
    await this.read();
  }

  async read() {
    try {
      this.draw(await get(pathOf({ user: this.user.value, project: this.project.value })));
    } catch (error) {
      this.body.replaceChildren(h("tr", {}, h("td", { colSpan: HEADS.length, className: "hint" }, error.message)));
    }
  }

  draw(entries) {
    this.body.replaceChildren(...entries.map((entry) => h("tr", {},
      h("td", {}, h("time", { dateTime: entry.time }, localTime(entry.time))),
      h("td", {}, entry.user ?? entry.address), h("td", {}, inWords(entry)),
      h("td", {}, this.projects.find((each) => each.project_id === entry.project_id)?.name ?? ""))));
  }
}

// The choices of a filter. What is chosen stays so.
function fill(select, all, options) {
  const chosen = select.value;
  select.replaceChildren(h("option", { value: "" }, all), ...options.map(([value, text]) => h("option", { value }, text)));
  select.value = options.some(([value]) => value === chosen) ? chosen : "";
}

// Where to read the entries: those of a project are at the project, which more users may read.
export function pathOf({ user, project }) {
  const query = new URLSearchParams({ limit: SHOWN, ...(user && { user }) });
  return `${project ? `/v2/projects/${project}/audit` : "/v2/audit"}?${query}`;
}

export const localTime = (time) => new Date(time).toLocaleString("sv-SE"); // as ISO 8601 writes it, in the time zone of the reader

export function inWords({ action, status, target, missing }) {
  const what = target ? `${action}: ${target.name}${target.of ? ` (${target.of})` : ""}` : action;
  const more = missing ? `, and ${missing} more` : "";
  return status >= 400 ? `${what}: refused (${status}${more})` : what;
}

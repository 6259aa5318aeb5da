// The newest entries of the audit trail: who changed what.

import { get } from "../api.js";
import { h } from "../dom.js";

const SHOWN = 50;

export async function showChanges(body, projects) {
  let entries;
  try {
    entries = await get(`/v2/audit?limit=${SHOWN}`);
  } catch (error) {
    body.replaceChildren(h("tr", {}, h("td", { colSpan: 4, className: "hint" }, error.message)));
    return;
  }
  body.replaceChildren(...entries.map((entry) => h("tr", {},
    h("td", {}, h("time", { dateTime: entry.time }, localTime(entry.time))),
    h("td", {}, entry.user ?? entry.address), h("td", {}, inWords(entry)),
    h("td", {}, projects.find((each) => each.project_id === entry.project_id)?.name ?? ""))));
}

export const localTime = (time) => new Date(time).toLocaleString("sv-SE"); // as ISO 8601 writes it, in the time zone of the reader

export function inWords({ action, status }) {
  return status >= 400 ? `${action}: refused (${status})` : action;
}

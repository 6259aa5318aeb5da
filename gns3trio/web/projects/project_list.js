// What the list of projects shows of each, and in which order.

import { counted, formatCount } from "../format.js";

const ORDERS = {
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  status: (a, b) => b.started - a.started || Number(b.status === "opened") - Number(a.status === "opened"),
  nodes: (a, b) => (b.nodes ?? -1) - (a.nodes ?? -1),
  changed: (a, b) => (b.changedAt ?? 0) - (a.changedAt ?? 0),
};

// Projects with what is known of them, in an order; only those whose name contains all words of `text`. `turned`: the other way round.
export function listed(projects, summaries, { text = "", order = "name", turned = false } = {}) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...projects].map((project) => {
    const { nodes = null, links = null, started = 0, changed_at: changedAt = null, may_change: mayChange = true, may_delete: mayDelete = true } = summaries.get(project.project_id) ?? {};
    return Object.assign(Object.create(project), { nodes, links, started, changedAt, mayChange, mayDelete });
  });
  const found = rows.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
  const compare = Object.hasOwn(ORDERS, order) ? ORDERS[order] : ORDERS.name;
  const direction = turned ? -1 : 1;
  return found.toSorted((a, b) => direction * compare(a, b) || ORDERS.name(a, b));
}

// What runs: "4 running", "open", "closed".
export function stateOf({ status, started }) {
  if (status !== "opened") return status;
  return started ? `${formatCount(started)} running` : "open";
}

// What it contains, in words; "" if that is not known.
export const contentsOf = ({ nodes, links }) => (nodes === null ? "" : `${counted(nodes, "node")}, ${counted(links, "link")}`);

const [MINUTE, HOUR, DAY] = [60, 3600, 86400];

// How long ago a time was, both in seconds since 1970.
export function agoText(at, now) {
  if (at === null) return "";
  const seconds = Math.max(now - at, 0);
  if (seconds < MINUTE) return "just now";
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${counted(Math.floor(seconds / HOUR), "hour")} ago`;
  if (seconds < 14 * DAY) return `${counted(Math.floor(seconds / DAY), "day")} ago`;
  return new Date(1000 * at).toISOString().slice(0, 10);
}

// A name that no project has: the wanted one, or with a number behind it.
export function freeName(wanted, names) {
  const taken = new Set([...names].map((name) => name.toLowerCase()));
  if (!taken.has(wanted.toLowerCase())) return wanted;
  let number = 2;
  while (taken.has(`${wanted} ${number}`.toLowerCase())) number += 1;
  return `${wanted} ${number}`;
}

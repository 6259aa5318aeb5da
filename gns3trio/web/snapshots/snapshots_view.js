// The snapshots of a lab: take, compare, restore and delete them.

import { act, ask, button } from "../actions.js";
import { get, post, remove } from "../api.js";
import { h, setText } from "../dom.js";
import { mapSome } from "../edit/at_a_time.js";
import { counted, formatCount } from "../format.js";
import { tell } from "../messages.js";
import { groupsOf, lossesOf, nameBefore, stopTexts, summaryOf } from "./change_texts.js";

const NOW = "now";
// Of more changes of a kind, the others are counted: nobody reads them all, and a page of all would hang.
const MOST_SHOWN = 500;

// Opens the dialog.
export function showSnapshots({ lab, graph }) {
  const path = `${lab.path}/snapshots`;
  const rows = h("tbody");
  const empty = h("p", { className: "hint" }, "There is no snapshot yet. One keeps the whole lab as it is now: nodes, links, drawings, settings and files.");
  const table = h("table", {}, h("thead", {}, h("tr", {}, ["Snapshot", "Taken", ""].map((text) => h("th", {}, text)))), rows);
  const name = h("input", { name: "name", required: true, maxLength: 200, ariaLabel: "Name of the new snapshot", placeholder: "Name" });
  const description = h("input", { name: "description", maxLength: 1000, ariaLabel: "Description of the new snapshot", placeholder: "Description (optional)" });
  const problem = h("p", { className: "error", role: "alert", hidden: true });
  const told = h("div", { className: "hint" });
  const go = h("button", { className: "primary" }, "Take snapshot");
  const { rights } = lab;
  const form = h("form", { className: "buttons", onsubmit: (event) => { event.preventDefault(); take(); } }, name, description, go);
  const result = h("div", { className: "comparison" });
  const dialog = h("dialog", { className: "wide", ariaLabel: "Snapshots" },
    h("div", { className: "buttons head" }, h("h2", {}, "Snapshots"), h("button", { type: "button", className: "plain", ariaLabel: "Close", onclick: () => dialog.close() }, "×")),
    rights.fence("Snapshot.Allocate", form, told), problem, table, empty, result);
  let snapshots = [];
  let isBusy = false;

  const running = () => [...lab.nodes.values()].filter(({ node_id, node_type, status }) => status !== "stopped" && !lab.problems.has(node_id) && !lab.types.get(node_type)?.always_runs);

  function showRunning() {
    if (isBusy) return;
    const nodes = running();
    const lines = stopTexts(nodes);
    if (told.textContent !== lines.join("")) told.replaceChildren(...lines.map((line) => h("p", {}, line)));
    setText(go, nodes.length ? "Stop nodes and take snapshot" : "Take snapshot");
    told.hidden = !nodes.length;
  }

  async function load() {
    snapshots = await get(path);
    rows.replaceChildren(...snapshots.toReversed().map(row));
    table.hidden = snapshots.length === 0;
    empty.hidden = snapshots.length > 0;
    showRunning();
  }

  function row(snapshot) {
    const taken = new Date(1000 * snapshot.created_at);
    const isTold = snapshot.description && !snapshot.description.startsWith(`${snapshot.name}, taken at `);
    return h("tr", { id: `snapshot-${snapshot.snapshot_id}` },
      h("td", {}, snapshot.name, isTold ? h("p", { className: "hint" }, snapshot.description) : null),
      h("td", {}, h("time", { dateTime: taken.toISOString(), title: taken.toISOString() }, taken.toLocaleString("en", { dateStyle: "medium", timeStyle: "short" }))),
      h("td", { className: "buttons" },
        button("Compare", () => compare(snapshot)),
        rights.guard("Snapshot.Restore", button("Restore…", () => restore(snapshot))),
        rights.guard("Snapshot.Allocate", button("Delete", () => drop(snapshot), { className: "danger" }))));
  }

  // Sends one thing at a time; what goes wrong is told beside the form, where the name stays.
  async function attempt(busy, action) {
    if (isBusy) return;
    isBusy = true;
    problem.hidden = true;
    setText(go, busy);
    try {
      await action();
    } catch (error) {
      setText(problem, error.message);
      problem.hidden = false;
    } finally {
      isBusy = false;
      showRunning();
    }
  }

  async function stopAll() {
    if (running().length) await post(`${lab.path}/nodes/stop`);
  }

  // What ran before runs again afterwards, also if the action fails.
  async function whileStopped(action) {
    const ran = running().filter(({ status }) => status === "started");
    await stopAll();
    try {
      await action();
    } finally {
      await mapSome(ran.filter(({ node_id }) => lab.nodes.has(node_id)), ({ node_id }) => post(`${lab.path}/nodes/${node_id}/start`));
    }
  }

  const take = () => attempt("Taking it…", async () => {
    const body = { name: name.value.trim(), ...(description.value.trim() && { description: description.value.trim() }) };
    if (!body.name) throw new Error("Name: enter one.");
    await whileStopped(async () => {
      await post(path, body);
      form.reset();
      await load();
    });
  });

  async function compare(snapshot, to = NOW) {
    const others = [[NOW, "the lab as it is now"], ...snapshots.filter((each) => each !== snapshot).map((each) => [each.snapshot_id, each.name])];
    const choice = h("select", { ariaLabel: "Compare with", onchange: act(() => compare(snapshot, choice.value)) }, others.map(([value, text]) => h("option", { value, selected: value === to }, text)));
    const { changes, not_compared: skipped } = await get(`${path}/${snapshot.snapshot_id}/compare${to === NOW ? "" : `?to=${to}`}`);
    result.replaceChildren(h("div", {}, h("h3", {}, "Changes"), h("p", { className: "buttons" }, `From “${snapshot.name}” to`, choice),
      h("p", { role: "status", id: "comparison-summary" }, summaryOf(changes)),
      groupsOf(changes).map(([title, entries]) => [h("h4", {}, title), h("ul", {}, entries.slice(0, MOST_SHOWN).map(entry), entries.length > MOST_SHOWN ? h("li", {}, `and ${formatCount(entries.length - MOST_SHOWN)} more`) : null)]),
      skipped.length ? h("p", { className: "hint" }, `Too large to be compared, and of the same size: ${skipped.join(", ")}.`) : null));
    result.querySelector("select").focus();
    result.scrollIntoView({ block: "nearest" });
  }

  async function restore(snapshot) {
    const { changes } = await get(`${path}/${snapshot.snapshot_id}/compare`);
    const lost = lossesOf(changes);
    const nodes = running().length;
    const answer = await ask(`Restore “${snapshot.name}”?`, [
      h("p", {}, lost.length ? "The lab becomes what it was then:" : "Nothing differs from the snapshot."),
      lost.length ? h("ul", {}, lost.map((line) => h("li", {}, line))) : null,
      nodes ? h("p", {}, `${counted(nodes, "node")} that ${nodes === 1 ? "runs" : "run"} will be stopped, and stay stopped.`) : null,
      h("p", { className: "hint" }, "Captures and snapshots stay."),
      h("label", { className: "check" }, h("input", { type: "checkbox", name: "keep", checked: lost.length > 0 && rights.has("Snapshot.Allocate"), disabled: !rights.has("Snapshot.Allocate") }), " Keep the present state as a snapshot first")], "Restore", { danger: lost.length > 0 });
    if (!answer) return;
    await attempt("Restoring…", async () => {
      if (answer.keep) {
        await stopAll();
        await post(path, { name: nameBefore(snapshot.name, new Date()), description: `Taken before “${snapshot.name}” was restored` });
      }
      graph.select(null); // what is selected may be gone
      await post(`${path}/${snapshot.snapshot_id}/restore`);
      tell(`“${snapshot.name}” is restored.`);
      dialog.close();
    });
    if (dialog.open) await load();
  }

  async function drop(snapshot) {
    if (!(await ask(`Delete the snapshot “${snapshot.name}”?`, h("p", {}, "This cannot be undone. The lab itself stays as it is."), "Delete", { danger: true }))) return;
    await remove(`${path}/${snapshot.snapshot_id}`);
    result.replaceChildren();
    await load();
  }

  const view = { reset: showRunning, update: showRunning };
  lab.views.add(view);
  dialog.addEventListener("close", () => {
    lab.views.delete(view);
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  name.focus();
  return act(load)();
}

function entry({ name, action, lines, content }) {
  return h("li", { className: `change ${action}` }, h("strong", {}, name), ` ${action}`,
    lines.length ? h("ul", {}, lines.map((line) => h("li", {}, line))) : null,
    content ? h("pre", {}, content.map(([sign, line]) => h("span", { className: sign === "+" ? "added" : "removed" }, `${sign} ${line}\n`))) : null);
}

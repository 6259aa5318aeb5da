// The list of projects.

import { act, ask, button, enable, forbid } from "./actions.js";
import { EventStream, OF_PROJECTS, at, get, post, put, remove, request } from "./api.js";
import { h, set, setText } from "./dom.js";
import { formField, openForm } from "./forms.js";
import { icon } from "./icons.js";
import { showConnection, tell } from "./messages.js";
import { Rights, refusalOf } from "./people/rights.js";
import { EXAMPLE_NAME, readExample } from "./projects/example.js";
import { exportProject } from "./projects/export.js";
import { agoText, contentsOf, freeName, listed, stateOf } from "./projects/project_list.js";
import { randomId } from "./random_id.js";

const COLUMNS = [["name", "Project"], ["status", "Status"], ["nodes", "Contents"], ["changed", "Changed"]];
// How often the counts are read again: soon after something has happened, and now and then.
const [SOON_MS, LATER_MS] = [700, 20_000];

export function showProjects(main) {
  document.title = "Projects · gns3trio";
  const projects = new Map();
  let summaries = new Map();
  const shown = { text: "", order: "name", turned: false };
  const made = new Map(); // rows by id
  const rows = h("tbody");
  const heads = new Map(COLUMNS.map(([order, title]) => [order, h("th", { scope: "col" }, h("button", { type: "button", className: "sort", onclick: () => sort(order) }, title))]));
  const search = h("input", { type: "search", placeholder: "Find a project (/)", ariaLabel: "Find a project", maxLength: 200, oninput: () => { shown.text = search.value; draw(); } });
  const none = h("p", { className: "hint", role: "status", hidden: true });
  const table = h("div", { className: "wide", hidden: true }, search,
    h("table", { className: "list-of-projects" }, h("thead", {}, h("tr", {}, [...heads.values()], h("td"))), rows), none);
  const file = h("input", { type: "file", accept: ".gns3project,.gns3p", hidden: true, id: "import-file", ariaLabel: "Project file", onchange: act(() => importProject(file)) });
  const rights = new Rights("/projects");
  const creating = (pressed) => rights.guard("Project.Allocate", pressed);
  const [emptyTitle, emptyText] = [h("h2"), h("p")];
  const empty = emptyState();
  const example = creating(button("Example lab", makeExample, { title: "Make a lab of two VLANs over two switches", hidden: true }));
  main.replaceChildren(h("section", { className: "projects" },
    h("div", { className: "buttons head" }, h("h1", {}, "Projects"),
      creating(button("New project", create, { className: "primary" })),
      example,
      creating(button("Import…", () => file.click())), file,
      h("a", { className: "button", href: at("/templates") }, "Templates and symbols"),
      h("a", { className: "button", href: at("/images") }, "Images and appliances"),
      h("a", { className: "button", href: at("/people") }, "People")),
    table, empty));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select, dialog") || table.hidden) return;
    event.preventDefault();
    search.focus();
  });

  function emptyState() {
    return h("div", { className: "empty", hidden: true }, icon("lab"), emptyTitle, emptyText,
      h("p", { className: "buttons" }, creating(button("Make the example lab", makeExample, { className: "primary" }))));
  }

  // Who may create no project is told so: others may have some.
  function showEmpty() {
    const mayCreate = rights.has("Project.Allocate");
    setText(emptyTitle, mayCreate ? "There is no lab yet" : "There is no lab that you may see");
    setText(emptyText, mayCreate ? "Begin with a small lab that works: four PCs in two VLANs over two switches. Or make a new project and draw your own, or import a .gns3project file."
      : "Who gives permissions on this server can let you see labs, or create some.");
  }

  const names = () => [...projects.values()].map(({ name }) => name);

  function sort(order) {
    Object.assign(shown, { order, turned: shown.order === order && !shown.turned });
    draw();
  }

  function draw() {
    table.hidden = projects.size === 0;
    empty.hidden = projects.size > 0;
    showEmpty();
    example.hidden = projects.size === 0;
    for (const [order, head] of heads) set(head, { "aria-sort": order !== shown.order ? "none" : (order === "name" || order === "status") === shown.turned ? "descending" : "ascending" });
    const found = listed(projects.values(), summaries, shown);
    none.hidden = found.length > 0;
    setText(none, found.length ? "" : "No project has such a name.");
    for (const project of found) {
      if (!made.has(project.project_id)) made.set(project.project_id, makeRow(project.project_id));
      made.get(project.project_id).update(project);
    }
    for (const id of made.keys()) if (!projects.has(id)) made.delete(id);
    const wanted = found.map(({ project_id: id }) => made.get(id).element);
    if (wanted.length === rows.children.length && wanted.every((row, place) => rows.children[place] === row)) return; // the focus stays
    const focused = document.activeElement;
    rows.replaceChildren(...wanted);
    if (rows.contains(focused)) focused.focus({ preventScroll: true });
  }

  function makeRow(id) {
    const path = `/v2/projects/${id}`;
    const project = () => projects.get(id);
    const link = h("a", { href: at(`/projects/${id}`) });
    const [error, state, contents, changed] = [h("p", { className: "error", hidden: true }), h("span"), h("td"), h("td")];
    const open = button("Open", async () => { location.href = at(`/projects/${id}`); });
    const close = button("Close", () => post(`${path}/close`));
    const small = (text, name, action, options) => h("button", { type: "button", className: "tool", ...options, ariaLabel: text, title: text, onclick: act(action) }, icon(name));
    const [edit, copy, drop] = [small("Rename", "edit", () => rename(project(), path, names())), small("Duplicate", "copy", () => duplicate(project(), path)),
      small("Delete", "delete", () => deleteProject(project(), path), { className: "tool danger" })];
    const download = small("Export", "download", () => exportProject(project()));
    const element = h("tr", { id: `project-${id}` }, h("td", {}, link, error), h("td", {}, state), contents, changed,
      h("td", { className: "buttons" }, open, close, edit, creating(copy), download, drop));
    return { element, update: (row) => {
      setText(link, row.name);
      setText(error, row.error ?? "");
      error.hidden = !row.error;
      setText(state, stateOf(row));
      state.className = `status ${row.started ? "started" : row.status}`;
      setText(contents, contentsOf(row));
      setText(changed, agoText(row.changedAt, Date.now() / 1000));
      if (row.changedAt !== null) changed.title = new Date(1000 * row.changedAt).toLocaleString();
      open.hidden = row.status === "opened";
      close.hidden = row.status !== "opened";
      enable(open, !row.error);
      forbid(close, row.mayChange || row.mayDelete ? "" : refusalOf("Project.Modify"));
      forbid(edit, row.mayChange ? "" : refusalOf("Project.Modify"));
      forbid(drop, row.mayDelete ? "" : refusalOf("Project.Allocate"));
    } };
  }

  // --- what the list tells of each project ---

  let timer = null;
  let due = Infinity;

  function readSoon(after = SOON_MS) {
    if (Date.now() + after >= due) return;
    clearTimeout(timer);
    due = Date.now() + after;
    timer = setTimeout(async () => {
      due = Infinity;
      try {
        if (!document.hidden) await readSummaries();
      } catch {
        // The connection tells it.
      }
      readSoon(LATER_MS);
    }, after);
  }

  async function readSummaries() {
    summaries = new Map((await get("/v2/project_summaries")).map((each) => [each.project_id, each]));
    draw();
    // No event tells that the user may see others than before.
    if (summaries.size !== projects.size || [...projects.keys()].some((id) => !summaries.has(id))) stream.reload();
  }

  function change(action, event) {
    if (action === "project.deleted") projects.delete(event.project_id);
    else if (OF_PROJECTS.has(action)) projects.set(event.project_id, event);
    else if (action === "log.error") tell(event.message, "error");
    if (OF_PROJECTS.has(action)) draw();
    if (/^(project|node|link)\./.test(action)) readSoon();
  }

  const stream = new EventStream({
    onEvent: change,
    onConnection: showConnection,
    onReload: async () => {
      const [all, counts] = await Promise.all([get("/v2/projects"), get("/v2/project_summaries"), rights.read()]);
      projects.clear();
      for (const project of all) projects.set(project.project_id, project);
      summaries = new Map(counts.map((each) => [each.project_id, each]));
      draw();
      readSoon(LATER_MS);
    },
    onError: (error) => tell(error.message, "error"),
  });

  // --- actions ---

  async function create() {
    const project = await askForName({ title: "New project", confirm: "Create", value: "", submit: (name) => post("/v2/projects", { name }) });
    if (project) location.href = at(`/projects/${project.project_id}`);
  }

  async function makeExample() {
    const lab = await readExample();
    const project = await post("/v2/projects", { name: freeName(EXAMPLE_NAME, names()) });
    try {
      await put(`/v2/projects/${project.project_id}/topology`, lab);
    } catch (error) {
      await remove(`/v2/projects/${project.project_id}`);
      throw error;
    }
    location.href = at(`/projects/${project.project_id}`);
  }
}

// Asks for the name of a project. If the server refuses it, the dialog stays, with the reason at the field.
function askForName({ title, confirm, value, submit }) {
  const name = formField("Name", h("input", { name: "name", required: true, autofocus: true, value, maxLength: 255 }));
  return openForm({ title, parts: [name.part], fields: [name], confirm, busy: "One moment…", submit: (values) => submit(values.name), fieldOf: (text) => ({ name: "name", text }) });
}

async function importProject(input) {
  const [chosen] = input.files;
  const name = chosen.name.replace(/\.[^.]*$/, "");
  tell(`Importing ${chosen.name}…`);
  const query = `name=${encodeURIComponent(name)}`;
  await request("POST", `/v2/projects/${crypto.randomUUID?.() ?? randomId()}/import?${query}`, chosen);
  input.value = "";
}

// The server lets two projects have one name, as GNS3 does. Commands then no longer know which one is meant.
const rename = (project, path, names) =>
  askForName({ title: `Rename ${project.name}`, confirm: "Rename", value: project.name, submit: (name) => {
    if (name !== project.name && names.includes(name)) throw new Error("Another project has this name.");
    return put(path, { name });
  } });

const duplicate = (project, path) =>
  askForName({ title: `Duplicate ${project.name}`, confirm: "Duplicate", value: `${project.name}-copy`, submit: (name) => post(`${path}/duplicate`, { name }) });

async function deleteProject(project, path) {
  const warning = h("p", {}, "Its nodes, files, captures and snapshots are deleted. This cannot be undone.");
  if (await ask(`Delete ${project.name}?`, warning, "Delete", { danger: true })) await remove(path);
}

// The list of projects.

import { act, ask, button, field } from "./actions.js";
import { EventStream, OF_PROJECTS, at, get, post, remove, request } from "./api.js";
import { h } from "./dom.js";
import { showConnection, tell } from "./messages.js";
import { randomId } from "./random_id.js";

export function showProjects(main) {
  document.title = "Projects · gns3trio";
  const projects = new Map();
  const rows = h("tbody");
  const empty = h("p", { className: "hint" }, "There is no project yet. Create one, or import a .gns3project file.");
  const file = h("input", { type: "file", accept: ".gns3project,.gns3p", hidden: true, id: "import-file",
    onchange: act(() => importProject(file)) });
  main.replaceChildren(h("section", { className: "projects" },
    h("div", { className: "buttons head" }, h("h1", {}, "Projects"),
      button("New project", createProject, { className: "primary" }),
      button("Import…", () => file.click()), file,
      h("a", { className: "button", href: at("/images") }, "Images and appliances"),
      h("a", { className: "button", href: at("/people") }, "People")),
    h("table", {}, h("thead", {}, h("tr", {}, ["Project", "Status", ""].map((text) => h("th", {}, text)))), rows),
    empty));

  function draw() {
    const sorted = [...projects.values()].toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
    rows.replaceChildren(...sorted.map(row));
    empty.hidden = sorted.length > 0;
  }

  function row(project) {
    const path = `/v2/projects/${project.project_id}`;
    const open = async () => { location.href = at(`/projects/${project.project_id}`); };
    return h("tr", { id: `project-${project.project_id}` },
      h("td", {}, h("a", { href: at(`/projects/${project.project_id}`) }, project.name),
        project.error ? h("p", { className: "error" }, project.error) : null),
      h("td", {}, h("span", { className: `status ${project.status}` }, project.status)),
      h("td", { className: "buttons" },
        project.status === "opened" ? button("Close", () => post(`${path}/close`)) : button("Open", open),
        button("Duplicate", () => duplicate(project, path)),
        h("a", { className: "button", href: at(`${path}/export`), download: `${project.name}.gns3project` }, "Export"),
        button("Delete", () => deleteProject(project, path), { className: "danger" })));
  }

  function change(action, event) {
    if (action === "project.deleted") projects.delete(event.project_id);
    else if (OF_PROJECTS.has(action)) projects.set(event.project_id, event);
    else if (action === "log.error") tell(event.message, "error");
    if (OF_PROJECTS.has(action)) draw();
  }

  new EventStream({
    onEvent: change,
    onConnection: showConnection,
    onReload: async () => {
      projects.clear();
      for (const project of await get("/v2/projects")) projects.set(project.project_id, project);
      draw();
    },
  });
}

async function createProject() {
  const answer = await ask("New project", field("Name", "name", { autofocus: true }), "Create");
  if (!answer) return;
  const project = await post("/v2/projects", { name: answer.name });
  location.href = at(`/projects/${project.project_id}`);
}

async function importProject(input) {
  const [chosen] = input.files;
  const name = chosen.name.replace(/\.[^.]*$/, "");
  tell(`Importing ${chosen.name}…`);
  const query = `name=${encodeURIComponent(name)}`;
  await request("POST", `/v2/projects/${crypto.randomUUID?.() ?? randomId()}/import?${query}`, chosen);
  input.value = "";
}

async function duplicate(project, path) {
  const answer = await ask(`Duplicate ${project.name}`, field("Name", "name", { value: `${project.name}-copy` }), "Duplicate");
  if (answer) await post(`${path}/duplicate`, { name: answer.name });
}

async function deleteProject(project, path) {
  const warning = h("p", {}, "Its nodes, files, captures and snapshots are deleted. This cannot be undone.");
  if (await ask(`Delete ${project.name}?`, warning, "Delete")) await remove(path);
}

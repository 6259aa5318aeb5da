// Saves a project as a file: as a portable project with everything, or as a text that describes it.

import { get, getText, post } from "../api.js";
import { h } from "../dom.js";
import { saveFile, saveText } from "../downloads.js";
import { formField, openForm } from "../forms.js";
import { exportQuery, runningNames, runningText, safeName } from "./export_values.js";

const YAML = "application/yaml";

// Opens the dialog for a project {project_id, name, status}.
export async function exportProject({ project_id: id, name, status }) {
  const path = `/v2/projects/${id}`;
  const isOpen = status === "opened";
  const running = isOpen ? runningNames(...await Promise.all([get(`${path}/nodes`), get("/v2/node_types")])) : [];
  const stop = formField(runningText(running), h("input", { type: "checkbox", name: "stop" }));
  stop.part.hidden = running.length === 0;
  stop.part.className = "field check";
  const check = (label, key) => h("label", { className: "check" }, h("input", { type: "checkbox", name: key }), ` ${label}`);
  const choice = (value, label, told, properties) => h("label", { className: "choice" },
    h("input", { type: "radio", name: "what", value, ...properties, onchange: (event) => { more.hidden = event.target.value !== "project"; } }),
    h("span", {}, h("strong", {}, label), h("span", { className: "hint" }, told)));
  const more = h("div", {}, stop.part, check("with its snapshots", "snapshots"), check("with the images of its machines", "images"));
  await openForm({
    title: `Export “${name}”`,
    parts: [
      h("fieldset", { className: "choices" }, h("legend", {}, "What to write"),
        choice("project", "Project (.gns3project)", "Everything: nodes with their files, links and drawings. For another server, or for GNS3.", { checked: true }),
        choice("text", "Description (.yaml)", isOpen
          ? "Nodes with their settings and scripts, links with their filters, and drawings, as a text to keep in git. Not the files that nodes have written. Nodes may run. The command “gns3trio topology apply” makes a lab of it."
          : "A text to keep in git: open the project first.", { disabled: !isOpen })),
      more],
    fields: [stop],
    confirm: "Export",
    busy: "Exporting…",
    fieldOf: (message) => (/stop (it|them) first$/.test(message) && !stop.part.hidden ? { name: "stop", text: "Choose this, or stop them yourself: an export needs files that nobody writes." } : null),
    submit: async (values) => {
      if (values.what === "text") return saveText(await getText(`${path}/topology`, YAML), `${safeName(name)}.yaml`, YAML);
      if (values.stop) await post(`${path}/nodes/stop`);
      return saveFile(`${path}/export${exportQuery(values)}`, `${safeName(name)}.gns3project`);
    },
  });
}

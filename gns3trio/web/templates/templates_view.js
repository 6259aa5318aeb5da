// The page of templates and symbols.

import { act, ask, button } from "../actions.js";
import { at, get, post, remove } from "../api.js";
import { h, setText } from "../dom.js";
import { formField, openForm } from "../forms.js";
import { tell } from "../messages.js";
import { Rights } from "../people/rights.js";
import { listSymbols, pictureOf, shortName, uploadParts } from "../properties/symbols.js";
import { changeBaseScript, changeTemplate, copyTemplate, createTemplate } from "./template_form.js";
import { baseScriptsOf, placeIn, sorted } from "./template_values.js";

export function showTemplates(main) {
  document.title = "Templates · gns3trio";
  const rows = h("tbody");
  const pictures = h("ul", { className: "symbols uploaded" });
  const noPicture = h("p", { className: "hint", hidden: true });
  const rights = new Rights("/templates");
  const ofSymbols = new Rights("/symbols");
  const [file, upload] = uploadParts(async (id) => {
    tell(`The symbol ${shortName(id)} is there.`);
    await showSymbols();
  });
  let types = new Map();
  let titles = new Map(); // of all types of nodes, also those that cannot be set
  main.replaceChildren(h("section", { className: "projects" },
    h("div", { className: "buttons head" }, h("h1", {}, "Templates"), rights.guard("Template.Allocate", button("New template…", create, { className: "primary" })),
      h("a", { className: "button", href: at("/images") }, "Images and appliances")),
    h("p", { className: "hint" }, "A template is a kind of node with its settings. In a lab, templates are in the list of what can be added."),
    h("div", { className: "wide" }, h("table", { id: "templates" },
      h("thead", {}, h("tr", {}, h("td", {}), ["Template", "Type", "Category"].map((text) => h("th", { scope: "col" }, text)), h("td", {}))), rows)),
    h("div", { className: "buttons head" }, h("h2", {}, "Uploaded symbols"), ofSymbols.guard("Symbol.Allocate", upload), file), pictures, noPicture));

  async function load() {
    const [ofTemplates, ofNodes] = await Promise.all([get("/v2/template_types"), get("/v2/node_types"), rights.read(), ofSymbols.read()]);
    types = new Map(ofTemplates.map((type) => [type.template_type, type]));
    titles = new Map([...ofNodes.map((type) => [type.node_type, type.title]), ...ofTemplates.map((type) => [type.template_type, type.title])]);
    await Promise.all([showList(), showSymbols()]);
  }

  async function showList() {
    rows.replaceChildren(...sorted(await get("/v2/templates")).map(row));
  }

  function row(template) {
    const type = types.get(template.template_type);
    const scripts = baseScriptsOf(type, template);
    const changing = (needed, text, action, options) =>
      rights.guard(needed, button(text, async () => (await action()) && showList(), { ariaLabel: `${text} ${template.name}`, ...options }));
    return h("tr", {}, h("td", {}, h("img", { className: "picture", src: pictureOf(template.symbol), alt: "", width: 36, height: 30, loading: "lazy" })),
      h("td", {}, template.name, template.builtin ? h("span", { className: "hint" }, " built in") : null),
      h("td", {}, titles.get(template.template_type) ?? wordsOf(template.template_type)), h("td", {}, template.category),
      h("td", { className: "buttons" },
        button("Add to a lab…", () => addToLab(template), { ariaLabel: `Add ${template.name} to a lab` }),
        type && !template.builtin ? changing("Template.Modify", "Change…", () => changeTemplate(type, template)) : null,
        scripts.map((name) => changing("Template.Modify", "Script…", () => changeBaseScript(template, name))),
        type || !template.builtin ? changing("Template.Allocate", "Copy…", () => copyTemplate(type, template)) : null,
        template.builtin ? null : changing("Template.Allocate", "Delete", () => deleteTemplate(template), { className: "danger" })));
  }

  async function create() {
    await ready; // the types may still be on their way
    const kind = formField("Type", h("select", { name: "type" }, [...types.values()].map(({ template_type: value, title }) => h("option", { value }, title))));
    const type = await openForm({ title: "New template", parts: [kind.part], fields: [kind], confirm: "Next", busy: "Next", submit: async (values) => types.get(values.type) });
    if (type && (await createTemplate(type))) await showList();
  }

  async function deleteTemplate(template) {
    const warning = h("p", {}, "Nodes that were made from it stay. This cannot be undone.");
    if (!(await ask(`Delete ${template.name}?`, warning, "Delete", { danger: true }))) return false;
    await remove(`/v2/templates/${template.template_id}`);
    return true;
  }

  async function showSymbols() {
    const refusal = ofSymbols.refusal("Symbol.Audit");
    const own = refusal ? [] : (await listSymbols()).filter(({ builtin }) => !builtin);
    pictures.replaceChildren(...own.map(({ symbol_id: id }) => h("li", {}, h("img", { src: pictureOf(id), alt: "", loading: "lazy" }), h("span", {}, shortName(id)),
      ofSymbols.guard("Symbol.Allocate", button("Delete", () => deleteSymbol(id), { className: "danger", ariaLabel: `Delete ${shortName(id)}` })))));
    setText(noPicture, refusal || "Nobody has uploaded a picture yet. A picture of yours can be the symbol of a node or template.");
    noPicture.hidden = own.length > 0;
  }

  async function deleteSymbol(id) {
    const warning = h("p", {}, "Nodes and templates with it are drawn as a computer then. This cannot be undone.");
    if (!(await ask(`Delete ${shortName(id)}?`, warning, "Delete", { danger: true }))) return;
    await remove(`/v2/symbols/${encodeURIComponent(id)}/raw`);
    await Promise.all([showSymbols(), showList()]);
  }

  const ready = act(load)();
  return ready;
}

// A type that this server does not know: "Atm switch".
const wordsOf = (type) => `${type[0].toUpperCase()}${type.slice(1).replaceAll("_", " ")}`;

// Adds a node to a lab of the user's choice, and shows the lab.
async function addToLab(template) {
  const projects = (await get("/v2/projects")).toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  if (projects.length === 0) throw new Error("There is no project that it could be added to. Create one first.");
  const choice = formField("Project", h("select", { name: "project" }, projects.map(({ project_id: value, name }) => h("option", { value }, name))));
  const project = await openForm({
    title: `Add ${template.name} to a lab`,
    parts: [choice.part],
    fields: [choice],
    confirm: "Add",
    busy: "Adding…",
    submit: async (values) => {
      const path = `/v2/projects/${values.project}`;
      const rights = new Rights(`/projects/${values.project}`);
      await rights.read();
      rights.require("Node.Allocate"); // before the lab is opened for it
      await post(`${path}/open`);
      await post(`${path}/templates/${template.template_id}`, placeIn(await get(`${path}/nodes`)));
      return values.project;
    },
  });
  if (project) location.href = at(`/projects/${project}`);
}

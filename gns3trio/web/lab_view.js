// The page of one project: tools, drawing, panel, and the drawer with consoles and packets.

import { act, ask, button } from "./actions.js";
import { EventStream, ROOT, get, post, put, remove } from "./api.js";
import { h, set, setText } from "./dom.js";
import { openConsole } from "./drawer/consoles.js";
import { Drawer } from "./drawer/drawer.js";
import { showMesh } from "./flows/mesh.js";
import { NewNodeHost, ShownHost } from "./hosts/host_choice.js";
import { Lab } from "./lab.js";
import { Graph } from "./map/graph.js";
import { showConnection, tell } from "./messages.js";
import { LabIndex } from "./panels/lab_index.js";
import { LinkPanel } from "./panels/link_panel.js";
import { askForImage } from "./panels/new_node.js";
import { NodePanel } from "./panels/node_panel.js";
import { showOverview } from "./panels/overview.js";
import { showRefusals } from "./people/account.js";

export function showLab(main, projectId) {
  const lab = new Lab(projectId);
  const drawer = new Drawer();
  const side = h("aside", { className: "side", ariaLabel: "Details" });
  let panel = null;
  let openedHere = false;

  const graph = new Graph(lab, {
    onSelect: (id) => showPanel(id),
    onOpen: (id) => lab.nodes.has(id) && openConsole(drawer, lab, lab.nodes.get(id)),
    onDelete: (id) => act(() => deleteThing(id))(),
    onLink: (from, to) => act(() => createLink(from, to))(),
  });
  const kinds = h("select", { ariaLabel: "Type of the new node", id: "node-type", onchange: () => newHost.update(typeOf(kinds.value)) });
  const newHost = new NewNodeHost(lab.hosts);
  const shownHost = new ShownHost(lab.hosts);
  const addButton = button("Add node", () => addNode(kinds.value), { disabled: true }); // until the types are known
  const portNames = button("Port names", () => put(lab.path, { show_interface_labels: !lab.project.show_interface_labels }));
  const scene = h("section", { className: "scene", ariaLabel: "Drawing" }, makeTools(), graph.svg);
  const refusals = h("p", { className: "notice", role: "note", hidden: true });
  main.replaceChildren(refusals, h("div", { className: "lab" }, scene, side, drawer.element));

  showRefusals({ projectId, place: refusals });
  const tools = { lab, drawer, graph, index: new LabIndex(lab), finding: { text: "", chosen: null }, deleteThing: (id) => deleteThing(id) };
  document.addEventListener("keydown", pressKey);
  lab.views.add({
    reset: () => showPanel(graph.selected),
    update: (changed) => panel?.update?.(changed),
  });
  lab.on("log", tell);
  lab.on("project", (what) => {
    showPorts();
    document.getElementById("title").textContent = lab.project.name;
    if (what === "opened" && openedHere) openedHere = false; // its contents are being read
    else if (what === "opened") stream.reload();
    else if (what === "closed" || what === "deleted") showGone(what);
  });
  lab.on("replaced", () => stream.reload());
  lab.on("hosts", showTypes);
  const stream = new EventStream({
    projectId,
    onEvent: (action, event) => lab.apply(action, event),
    onConnection: showConnection,
    onReload: load,
    onError: (error) => tell(error.message, "error"),
  });
  const hostsStream = lab.hosts.follow({ onError: (error) => tell(error.message, "error") });

  async function load() {
    const project = await get(lab.path);
    document.title = `${project.name} · gns3trio`;
    const title = document.getElementById("title");
    set(title, { role: "heading", "aria-level": 1 });
    setText(title, project.name);
    if (project.status !== "opened") {
      openedHere = true;
      await post(`${lab.path}/open`);
    }
    await lab.load();
    showTypes();
    showPorts();
  }

  function showTypes() {
    const chosen = kinds.value;
    const types = [...lab.types.values()].filter((type) => type.runs_here || lab.hosts.offering(type.node_type).length);
    const offered = new Set(types.map((type) => type.node_type));
    const templates = [...lab.templates.values()].filter((template) => offered.has(template.template_type));
    const options = types.map((type) => h("option", { value: type.node_type }, type.title));
    if (templates.length) options.push(h("optgroup", { label: "Templates" },
      ...templates.map((template) => h("option", { value: template.template_id }, template.name))));
    kinds.replaceChildren(...options);
    if (offered.has(chosen) || lab.templates.has(chosen)) kinds.value = chosen;
    addButton.disabled = types.length === 0;
    newHost.update(typeOf(kinds.value));
    shownHost.update();
  }

  // The type of the nodes that a choice makes: it is a type, or the id of a template.
  function typeOf(kind) {
    return lab.templates.get(kind)?.template_type ?? kind;
  }

  // Whether names of ports are shown is a setting of the project, as in GNS3.
  function showPorts() {
    graph.showView();
    portNames.setAttribute("aria-pressed", lab.project.show_interface_labels);
  }

  function showGone(what) {
    panel?.close?.();
    document.removeEventListener("keydown", pressKey);
    stream.close();
    hostsStream.close();
    main.replaceChildren(h("section", { className: "projects" }, h("h1", {}, `${lab.project.name} was ${what}.`),
      h("p", { className: "buttons" }, h("a", { className: "button", href: ROOT }, "Projects"),
        what === "closed" ? button("Open again", () => location.reload(), { className: "primary" }) : null)));
  }

  function showPanel(id) {
    if (panel && panel.id === id && panel.alive?.()) return;
    panel?.close?.();
    if (lab.nodes.has(id)) panel = new NodePanel(side, id, tools);
    else if (lab.links.has(id)) panel = new LinkPanel(side, id, tools);
    else panel = showOverview(side, tools, graph.group(id));
  }

  // The list of objects, with the text to find in it chosen.
  function find() {
    graph.select(null);
    panel.find();
  }

  function pressKey(event) {
    const isWritten = event.target.closest("input, select, textarea, dialog, .drawer");
    const isInMap = event.target === document.body || scene.contains(event.target);
    const isFind = event.key === "/" ? !event.ctrlKey && !event.metaKey && !event.altKey : isInMap && event.key.toLowerCase() === "f" && (event.ctrlKey || event.metaKey);
    if (!isFind || isWritten) return;
    event.preventDefault();
    find();
  }

  function makeTools() {
    return h("div", { className: "tools" }, kinds, newHost.element,
      addButton,
      button("Add link", () => {
        const start = lab.nodes.has(graph.selected) ? graph.selected : null;
        if (start) graph.startLink(start);
        tell(start ? "Click the second node (Esc cancels)." : "Choose the first node, then press Add link.");
      }),
      button("Find", find, { title: "Find a node or link (/)" }),
      button("Start all", () => post(`${lab.path}/nodes/start`)),
      button("Stop all", () => post(`${lab.path}/nodes/stop`)),
      button("Mesh", () => showMesh(drawer, lab, graph), { title: "Send traffic between many PCs, and see what each pair gets" }),
      button("+", () => graph.zoom(1.25), { ariaLabel: "Larger" }),
      button("−", () => graph.zoom(0.8), { ariaLabel: "Smaller" }),
      button("Fit", () => graph.fit()),
      portNames, shownHost.element);
  }

  async function addNode(kind) {
    const [x, y] = graph.freePlace();
    const host = newHost.value;
    const type = lab.types.get(kind);
    const create = (properties) => post(`${lab.path}/nodes`, { name: type.name_format, node_type: kind, compute_id: host, x, y, properties });
    const node = lab.templates.has(kind)
      ? await post(`${lab.path}/templates/${kind}`, { compute_id: host, x, y })
      : await (type.image_property ? askForImage(type, host, create) : create({}));
    if (node === null) return;
    lab.apply("node.created", node);
    graph.select(node.node_id);
    graph.include(node.node_id);
  }

  async function createLink(from, to) {
    const ends = [from, to].map((id) => {
      const node = lab.nodes.get(id);
      const [port] = lab.freePorts(node);
      if (!port) throw new Error(`${node.name} has no free port.`);
      return { node_id: id, adapter_number: port.adapter_number, port_number: port.port_number };
    });
    const link = await post(`${lab.path}/links`, { nodes: ends });
    lab.apply("link.created", link);
    graph.select(link.link_id);
  }

  async function deleteThing(id) {
    const node = lab.nodes.get(id);
    const name = node ? node.name : `the link ${lab.linkName(lab.links.get(id))}`;
    const warning = h("p", {}, node ? "Its links and files are deleted, too." : "Its captures end; their files stay.");
    if (!(await ask(`Delete ${name}?`, warning, "Delete"))) return;
    graph.select(null); // its panel would ask for what is gone
    try {
      await remove(`${lab.path}/${node ? "nodes" : "links"}/${id}`);
    } catch (error) {
      if (graph.exists(id)) graph.select(id);
      throw error;
    }
  }
}

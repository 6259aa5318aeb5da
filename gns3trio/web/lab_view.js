// The page of one project: tools, drawing, panel, and the drawer with consoles and packets.

import { act, button } from "./actions.js";
import { EventStream, ROOT, get, post } from "./api.js";
import { addArrangeCommands } from "./arrange/arrange_commands.js";
import { Commands } from "./commands.js";
import { h, set, setText } from "./dom.js";
import { addDrawingCommands } from "./drawings/drawing_commands.js";
import { DrawingPanel } from "./drawings/drawing_panel.js";
import { DrawingEdits } from "./drawings/edits.js";
import { openConsole } from "./drawer/consoles.js";
import { makeLabDrawer } from "./drawer/lab_drawer.js";
import { TERMINAL_KEYS } from "./drawer/terminal_keys.js";
import { openMenu } from "./edit/context_menu.js";
import { createLink, createNode } from "./edit/creation.js";
import { deleteObjects, whyKept } from "./edit/deletion.js";
import { History } from "./edit/history.js";
import { addLabCommands } from "./edit/lab_commands.js";
import { addObjectCommands } from "./edit/object_commands.js";
import { MovedObjects } from "./edit/places.js";
import { choosePorts } from "./edit/port_choice.js";
import { addSeveral } from "./edit/several_form.js";
import { emptyLab } from "./empty_lab.js";
import { NewNodeHost, ShownHost } from "./hosts/host_choice.js";
import { Lab } from "./lab.js";
import { addProjectCommands } from "./lab_settings/project_commands.js";
import { Graph } from "./map/graph.js";
import { LabelDrag } from "./map/label_drag.js";
import { showConnection, tell } from "./messages.js";
import { nameOfAll } from "./object_names.js";
import { LabIndex } from "./panels/lab_index.js";
import { LinkPanel } from "./panels/link_panel.js";
import { NodePanel } from "./panels/node_panel.js";
import { showOverview } from "./panels/overview.js";
import { SeveralPanel } from "./panels/several_panel.js";
import { makeSheet } from "./panels/sheet.js";
import { describeMissing, whyFixed } from "./people/rights.js";
import { Drafts } from "./properties/drafts.js";
import { addSettingsCommands } from "./properties/settings_commands.js";
import { Toolbar } from "./toolbar.js";

export function showLab(main, projectId) {
  const lab = new Lab(projectId);
  const drawer = makeLabDrawer(lab);
  let panel = null;
  let toolsFrame = null;
  let openedHere = false;

  const tellError = (error) => tell(error.message, "error");
  const commands = new Commands({ targetOf: () => graph.target(), onError: tellError, rights: lab.rights });
  const history = new History({
    key: `gns3trio.changes.${projectId}`, onChange: () => showToolsSoon(), onReply: takeReply,
    onUnkept: () => tell("The browser has no room for what you change: it can be undone until you leave this page.", "warning"),
  });
  if (history.interrupted) tell(history.interrupted, "warning");
  const moved = new MovedObjects({ lab, history }, tellError);
  const graph = new Graph(lab, {
    onSelect: () => {
      showPanel(graph.selected);
      showToolsSoon();
    },
    onMode: () => showToolsSoon(),
    onMenu: (target, point) => openMenu(commands, target, point, { name: target.ids.length ? nameOfAll(lab, target.ids) : "Map", focused: document.activeElement }),
    onOpen: (id) => {
      if (lab.nodes.has(id)) openConsole(drawer, lab, lab.nodes.get(id));
      else if (edits.shapeOf(id)?.kind === "note") commands.run("edit-text", { kind: "drawing", ids: [id] });
    },
    onMove: (places) => moved.move(places),
    onMoved: () => moved.keep(),
    onKept: (ids) => tell(whyFixed(lab, ids.find((id) => lab.placed(id))) || whyKept(lab, ids), "warning"),
    onLink: (from, to) => act(() => linkNodes(from, to))(),
  });
  const kinds = h("select", { ariaLabel: "Type of the new node", id: "node-type", onchange: () => newHost.update(typeOf(kinds.value)) });
  const newHost = new NewNodeHost(lab.hosts);
  const shownHost = new ShownHost(lab.hosts);
  const edits = new DrawingEdits({ lab, history });
  const tools = { lab, drawer, graph, commands, history, edits, drafts: new Drafts(globalThis.sessionStorage, projectId), addNode, addNodes, find, openTab: (id) => panel?.tabs?.choose(id), index: new LabIndex(lab), finding: { text: "", chosen: null }, deleteThing: (id) => deleteObjects(tools, [id]) };
  addLabCommands(tools);
  addArrangeCommands(tools);
  commands.addKeys(...TERMINAL_KEYS);
  addObjectCommands(tools);
  addSettingsCommands(tools);
  addProjectCommands(tools);
  const toolbar = new Toolbar(commands, { extras: { add: [kinds, newHost.element], view: [shownHost.element] } });
  const zoom = new Toolbar(commands, { place: "zoom", label: "Zoom", className: "zoom" });
  const { element: sheet, content: side } = makeSheet(graph.svg, drawer.element);
  const refusals = h("p", { className: "notice", role: "note", hidden: true });
  const scene = h("section", { className: "scene", ariaLabel: "Drawing" }, refusals, toolbar.element, graph.svg, zoom.element, graph.linking.hint, emptyLab(tools));
  main.replaceChildren(h("div", { className: "lab" }, scene, sheet, drawer.element));
  addDrawingCommands(tools, scene);
  new LabelDrag(tools, tellError);
  toolbar.update();

  lab.rights.onChange = () => {
    setText(refusals, describeMissing((privilege) => !lab.rights.has(privilege)));
    refusals.hidden = refusals.textContent === "";
    graph.handle.show();
    showToolsSoon();
  };
  document.addEventListener("keydown", pressKey);
  lab.views.add({
    reset: () => showPanel(graph.selected),
    update: (changed) => panel?.update?.(changed),
  });
  lab.on("log", tell);
  lab.on("project", (what) => {
    graph.showView();
    showToolsSoon();
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
    onError: tellError,
    onRefused: ({ status }) => leave(status === 403 ? `You may not see ${lab.project?.name ?? "this lab"}${lab.project ? " any more" : ""}.` : "There is no such lab.",
      status === 403 ? "Who gives permissions on this server can let you see it again." : "Perhaps it was deleted."),
  });
  const hostsStream = lab.hosts.follow({ onError: tellError });

  async function load() {
    const project = (lab.project = await get(lab.path)); // its settings can be opened before its contents are read
    await lab.rights.read();
    document.title = `${project.name} · gns3trio`;
    const title = document.getElementById("title");
    set(title, { role: "heading", "aria-level": 1 });
    setText(title, project.name);
    if (project.status !== "opened") {
      openedHere = true;
      await openProject(project);
    }
    await lab.load();
    showTypes();
    graph.showView();
  }

  async function openProject({ name }) {
    try {
      await post(`${lab.path}/open`);
    } catch (error) {
      if (error.status !== 403) throw error;
      main.replaceChildren(h("section", { className: "projects" }, h("h1", {}, `${name} is closed.`),
        h("p", {}, "You may not open it. This page shows it as soon as somebody else has opened it.")));
      lab.on("project", (what) => what === "opened" && location.reload());
      throw new Error(`You may not open ${name}.`, { cause: error });
    }
  }

  // What was created by a request is shown before its event comes.
  function takeReply({ method, path }, reply) {
    const kind = /\/(node|link|drawing)s$/.exec(path)?.[1];
    if (method === "POST" && kind && !graph.exists(reply[`${kind}_id`])) lab.apply(`${kind}.created`, reply);
  }

  // At most once a frame.
  function showToolsSoon() {
    toolsFrame ??= requestAnimationFrame(() => {
      toolsFrame = null;
      toolbar.update();
    });
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
    showToolsSoon();
    newHost.update(typeOf(kinds.value));
    shownHost.update();
  }

  // The type of the nodes that a choice makes: it is a type, or the id of a template.
  function typeOf(kind) {
    return lab.templates.get(kind)?.template_type ?? kind;
  }

  function showGone(what) {
    leave(`${lab.project.name} was ${what}.`, what === "closed" ? button("Open again", () => location.reload(), { className: "primary" }) : null);
  }

  // Ends all that shows the lab, and says why.
  function leave(text, more) {
    panel?.close?.();
    document.removeEventListener("keydown", pressKey);
    stream.close();
    hostsStream.close();
    drawer.end();
    main.replaceChildren(h("section", { className: "projects" }, h("h1", {}, text),
      typeof more === "string" ? h("p", {}, more) : null,
      h("p", { className: "buttons" }, h("a", { className: "button", href: ROOT }, "Projects"), typeof more === "string" ? null : more)));
  }

  function showPanel(id) {
    const { selection } = graph;
    const isOfMany = selection.size > 1 && !selection.isLed;
    if (isOfMany && panel instanceof SeveralPanel && panel.alive()) {
      panel.update();
      return;
    }
    if (!isOfMany && panel && panel.id === id && panel.alive?.()) return;
    const hadFocus = side.contains(document.activeElement);
    panel?.close?.();
    if (isOfMany) panel = new SeveralPanel(side, tools);
    else if (lab.nodes.has(id)) panel = new NodePanel(side, id, tools);
    else if (lab.links.has(id)) panel = new LinkPanel(side, id, tools);
    else if (lab.drawings.has(id)) panel = new DrawingPanel(side, id, tools);
    else panel = showOverview(side, tools, graph.group(id));
    for (const each of [sheet, side]) each.scrollTop = 0; // on a narrow screen the second one scrolls
    if (hadFocus && !side.contains(document.activeElement)) side.focus(); // what had it is gone
  }

  // The list of objects, with the text to find in it chosen.
  function find() {
    graph.select(null);
    panel.find();
  }

  function pressKey(event) {
    if (event.defaultPrevented || event.target.closest("input, select, textarea, dialog, .drawer, [contenteditable]")) return;
    const isOnMap = event.target === document.body || scene.contains(event.target);
    if (commands.press(event, isOnMap)) event.preventDefault();
  }

  // Around a point of the lab, or where there is room.
  async function addNode(point) {
    const node = await createNode(tools, kinds.value, newHost.value, graph.freePlace(point ?? undefined));
    if (node === null) return;
    graph.select(node.node_id);
    graph.include(node.node_id);
  }

  // As `addNode`, as many as the user says; below the node that is selected, if they are linked with it.
  async function addNodes({ kind, ids, point }) {
    const selected = kind === "node" ? lab.nodes.get(ids[0]) : null;
    const nodes = await addSeveral(tools, { kinds, host: newHost.value, selected, point: point ?? graph.middle() });
    if (nodes === null) return;
    const made = nodes.map(({ node_id: id }) => id);
    graph.selectAll(made);
    for (const id of made) graph.include(id);
  }

  async function linkNodes(from, to) {
    const ends = await choosePorts(lab, [from, to]);
    if (ends === null) return;
    const link = await createLink(tools, ends);
    graph.select(link.link_id);
  }
}

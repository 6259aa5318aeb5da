// The commands of the page of a lab.

import { post } from "../api.js";
import { hasViewer, openConsole } from "../drawer/consoles.js";
import { showMesh } from "../flows/mesh.js";
import { tell } from "../messages.js";
import { needsFor } from "../people/rights.js";
import { mapSome } from "./at_a_time.js";
import { deleteObjects } from "./deletion.js";
import { showKeys } from "./key_list.js";
import { renameNode } from "./rename.js";

const STEP = 1.25; // of the scale

export function addLabCommands(tools) {
  const { lab, drawer, graph, commands, history, addNode, addNodes, find } = tools;
  const nodeOf = ({ kind, ids }) => (kind === "node" ? ids[0] : null);
  // Those of the selected nodes that can be started and stopped.
  const nodesIn = ({ ids }) => ids.map((id) => lab.nodes.get(id)).filter((node) => node && !lab.types.get(node.node_type)?.always_runs && !lab.problems.has(node.node_id));
  const canSuspend = ({ node_type }) => Boolean(lab.types.get(node_type)?.can_suspend);
  const canSuspendNow = (node) => canSuspend(node) && node.status === "started";
  const doTo = (target, what, isWanted) => mapSome(nodesIn(target).filter(isWanted), ({ node_id }) => post(`${lab.path}/nodes/${node_id}/${what}`));

  commands.add(
    {
      id: "add-node", title: "Add node", icon: "add-node", group: "add", where: ["toolbar", "map"], privilege: "Node.Allocate",
      isEnabled: () => lab.types.size > 0, run: ({ point }) => addNode(point),
    },
    {
      id: "add-several", title: "Add several…", icon: "add-several", group: "add", where: ["toolbar", "map", "node"], keys: ["N"], privilege: "Node.Allocate",
      hint: "Add several nodes at once, with names and start-up scripts that count up, and link each to a switch",
      isEnabled: () => lab.types.size > 0, run: addNodes,
    },
    {
      id: "add-link", title: "Add link", icon: "add-link", group: "add", where: ["toolbar", "node"], keys: ["L"], privilege: "Link.Allocate",
      hint: "Link two nodes: click both, or drag from the handle of one to the other",
      isPressed: () => graph.linking.isOn,
      run: (target) => {
        if (graph.linking.isOn) graph.linking.end();
        else graph.linking.begin(nodeOf(target));
      },
    },
    { id: "stop-linking", title: "Stop linking", group: "add", keysEverywhere: ["Escape"], isShown: () => graph.linking.isOn, run: () => graph.linking.end() },
    {
      id: "undo", title: "Undo", icon: "undo", group: "edit", where: ["toolbar"], keysEverywhere: ["Ctrl+Z"],
      hint: () => (history.undoText ? `Undo: ${history.undoText}` : ""),
      whyNot: () => (history.canUndo ? "" : "There is nothing to undo."),
      run: async () => tell(`Undone: ${await history.undo()}.`),
    },
    {
      id: "redo", title: "Redo", icon: "redo", group: "edit", where: ["toolbar"], keysEverywhere: ["Ctrl+Shift+Z", "Ctrl+Y"],
      hint: () => (history.redoText ? `Redo: ${history.redoText}` : ""),
      whyNot: () => (history.redoText === null ? "There is nothing to redo." : ""),
      run: async () => tell(`Redone: ${await history.redo()}.`),
    },
    {
      id: "delete", title: "Delete", icon: "delete", group: "edit", where: ["node", "link", "drawing", "several"], keys: ["Delete", "Backspace"], isDangerous: true, privilege: needsFor("Allocate", lab),
      isShown: ({ kind }) => kind !== "map" && kind !== "group",
      run: ({ ids }) => deleteObjects(tools, ids),
    },
    { id: "rename", title: "Rename…", icon: "edit", group: "edit", where: ["node"], keys: ["F2"], privilege: "Node.Modify", isShown: (target) => nodeOf(target) !== null, run: (target) => renameNode(tools, nodeOf(target)) },
    { id: "console", title: "Console", icon: "console", group: "tools", where: ["node"], keysShown: ["Enter"], privilege: "Node.Console", isShown: (target) => nodeOf(target) && hasViewer(lab.nodes.get(nodeOf(target))), run: (target) => openConsole(drawer, lab, lab.nodes.get(nodeOf(target))) },
    { id: "find", title: "Find", icon: "search", group: "view", where: ["toolbar"], keysEverywhere: ["/"], keys: ["Ctrl+F"], hint: "Find a node or link", run: find },
    {
      id: "start", title: ({ ids }) => (ids.some((id) => lab.nodes.get(id)?.status === "suspended") ? "Resume" : "Start"), icon: "play", group: "run", where: ["node", "several"], privilege: "Node.PowerMgmt",
      isShown: (target) => nodesIn(target).length > 0, whyNot: (target) => (nodesIn(target).some(({ status }) => status !== "started") ? "" : "It runs already."),
      run: (target) => doTo(target, "start", ({ status }) => status !== "started"),
    },
    {
      id: "stop", title: "Stop", icon: "stop", group: "run", where: ["node", "several"], privilege: "Node.PowerMgmt",
      isShown: (target) => nodesIn(target).length > 0, whyNot: (target) => (nodesIn(target).some(({ status }) => status !== "stopped") ? "" : "It does not run."),
      run: (target) => doTo(target, "stop", ({ status }) => status !== "stopped"),
    },
    {
      id: "suspend", title: "Suspend", icon: "pause", group: "run", where: ["node", "several"], privilege: "Node.PowerMgmt",
      isShown: (target) => nodesIn(target).some(canSuspend), whyNot: (target) => (nodesIn(target).some(canSuspendNow) ? "" : "It does not run."),
      run: (target) => doTo(target, "suspend", canSuspendNow),
    },
    {
      id: "reload", title: "Reload", icon: "reload", group: "run", where: ["node", "several"], privilege: "Node.PowerMgmt", hint: "Stop and start again",
      isShown: (target) => nodesIn(target).length > 0, whyNot: (target) => (nodesIn(target).some(({ status }) => status !== "stopped") ? "" : "It does not run."),
      run: (target) => doTo(target, "reload", ({ status }) => status !== "stopped"),
    },
    { id: "start-all", title: "Start all", icon: "play", group: "run", where: ["toolbar"], privilege: "Node.PowerMgmt", run: () => post(`${lab.path}/nodes/start`) },
    { id: "stop-all", title: "Stop all", icon: "stop", group: "run", where: ["toolbar"], privilege: "Node.PowerMgmt", run: () => post(`${lab.path}/nodes/stop`) },
    {
      id: "mesh", title: "Mesh", icon: "mesh", group: "tools", where: ["toolbar"], hint: "Send traffic between many PCs, and see what each pair gets", privilege: "Node.Console",
      run: () => showMesh(drawer, lab, graph),
    },
    { id: "keys", title: "Keys", icon: "help", group: "tools", where: ["toolbar"], keysEverywhere: ["?"], hint: "All keys", run: () => showKeys(commands) },
    { id: "zoom-in", title: "Larger", icon: "zoom-in", group: "view", where: ["zoom"], keys: ["+"], run: () => graph.zoom(STEP) },
    { id: "zoom-out", title: "Smaller", icon: "zoom-out", group: "view", where: ["zoom"], keys: ["-"], run: () => graph.zoom(1 / STEP) },
    { id: "fit", title: "Fit", icon: "fit", group: "view", where: ["zoom"], keys: ["0"], hint: "Show the whole lab", run: () => graph.fit() },
    // Whether names of ports are shown is a setting of the project, as in GNS3.
    {
      id: "port-names", title: "Port names", icon: "labels", group: "view", where: ["toolbar"], privilege: "Project.Modify",
      isPressed: () => Boolean(lab.project?.show_interface_labels),
      run: () => {
        const fields = { show_interface_labels: !lab.project.show_interface_labels };
        return history.change(`${fields.show_interface_labels ? "Show" : "Hide"} port names`, [{ path: lab.path, before: lab.project, fields }]);
      },
    },
  );
  commands.addKeys(
    { title: "Choose the next object in a direction", keys: ["Arrows"], group: "view" },
    { title: "Go there without choosing it", keys: ["Ctrl+Arrows"], group: "edit" },
    { title: "Choose it, too, or no more", keys: ["Ctrl+Space"], group: "edit" },
    { title: "Move what is chosen", keys: ["Shift+Arrows"], group: "edit" },
    { title: "Open the menu of what is chosen", keys: ["Shift+F10", "Menu"], group: "edit" },
    { title: "Choose nothing", keys: ["Escape"], group: "edit" },
  );
}

// The commands of the page of a lab.

import { post } from "../api.js";
import { showMesh } from "../flows/mesh.js";
import { tell } from "../messages.js";
import { deleteObjects } from "./deletion.js";

const STEP = 1.25; // of the scale

export function addLabCommands(tools) {
  const { lab, drawer, graph, commands, history, addNode, find } = tools;
  const nodeOf = ({ kind, ids }) => (kind === "node" ? ids[0] : null);

  commands.add(
    {
      id: "add-node", title: "Add node", icon: "add-node", group: "add", where: ["toolbar"], privilege: "Node.Allocate",
      isEnabled: () => lab.types.size > 0, run: () => addNode(),
    },
    {
      id: "add-link", title: "Add link", icon: "add-link", group: "add", where: ["toolbar", "node"], keys: ["L"], privilege: "Link.Allocate",
      run: (target) => {
        const start = nodeOf(target);
        if (start) graph.startLink(start);
        tell(start ? "Click the second node (Esc cancels)." : "Choose the first node, then press Add link.");
      },
    },
    {
      id: "undo", title: "Undo", icon: "undo", group: "edit", where: ["toolbar"], keysEverywhere: ["Ctrl+Z"],
      hint: () => (history.undoText ? `Undo: ${history.undoText}` : ""),
      whyNot: () => (history.undoText === null ? "There is nothing to undo." : ""),
      run: async () => tell(`Undone: ${await history.undo()}.`),
    },
    {
      id: "redo", title: "Redo", icon: "redo", group: "edit", where: ["toolbar"], keysEverywhere: ["Ctrl+Shift+Z", "Ctrl+Y"],
      hint: () => (history.redoText ? `Redo: ${history.redoText}` : ""),
      whyNot: () => (history.redoText === null ? "There is nothing to redo." : ""),
      run: async () => tell(`Redone: ${await history.redo()}.`),
    },
    {
      id: "delete", title: "Delete", icon: "delete", group: "edit", where: ["node", "link", "drawing", "several"], keys: ["Delete", "Backspace"], isDangerous: true,
      isShown: ({ kind }) => kind !== "map" && kind !== "group",
      run: ({ ids }) => deleteObjects(tools, ids),
    },
    { id: "find", title: "Find", icon: "search", group: "view", where: ["toolbar"], keysEverywhere: ["/"], keys: ["Ctrl+F"], hint: "Find a node or link", run: find },
    { id: "start-all", title: "Start all", icon: "play", group: "run", where: ["toolbar"], privilege: "Node.PowerMgmt", run: () => post(`${lab.path}/nodes/start`) },
    { id: "stop-all", title: "Stop all", icon: "stop", group: "run", where: ["toolbar"], privilege: "Node.PowerMgmt", run: () => post(`${lab.path}/nodes/stop`) },
    {
      id: "mesh", title: "Mesh", icon: "mesh", group: "tools", where: ["toolbar"], hint: "Send traffic between many PCs, and see what each pair gets",
      run: () => showMesh(drawer, lab, graph),
    },
    { id: "zoom-in", title: "Larger", text: "+", icon: "zoom-in", group: "view", where: ["toolbar"], keys: ["+"], run: () => graph.zoom(STEP) },
    { id: "zoom-out", title: "Smaller", text: "−", icon: "zoom-out", group: "view", where: ["toolbar"], keys: ["-"], run: () => graph.zoom(1 / STEP) },
    { id: "fit", title: "Fit", icon: "fit", group: "view", where: ["toolbar"], keys: ["0"], hint: "Show the whole lab", run: () => graph.fit() },
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
}

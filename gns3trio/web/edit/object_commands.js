// The commands for what is selected: copies, layers, locks; and the grid on which objects lie.

import { nameOfAll } from "../object_names.js";
import { needsFor } from "../people/rights.js";
import { Clipboard } from "./clipboard.js";

// GNS3 has layers from -32768; those that somebody uses are few.
const LAYERS = [-1000, 1000];
const OBJECTS = ["node", "drawing", "several"];

export function addObjectCommands(tools) {
  const { lab, graph, commands, history } = tools;
  const clipboard = new Clipboard(tools);
  const placed = (ids) => ids.map((id) => lab.placed(id)).filter(Boolean);
  const hasObjects = ({ ids }) => ids.some((id) => lab.placed(id));
  const areLocked = ({ ids }) => placed(ids).every(({ locked }) => locked);

  // Changes fields of all nodes and drawings among these, each by its own value.
  function changeAll(text, ids, fieldsOf) {
    const chosen = ids.filter((id) => lab.placed(id));
    return history.change(`${text} ${nameOfAll(lab, chosen)}`, chosen.map((id) => ({ path: lab.pathOf(id), before: lab.placed(id), fields: fieldsOf(lab.placed(id)) })));
  }

  const changeLayer = (text, by) => ({ ids }) => changeAll(text, ids, ({ z }) => ({ z: Math.min(Math.max(z + by, LAYERS[0]), LAYERS[1]) }));
  const changeLab = (text, fields) => history.change(text, [{ path: lab.path, before: lab.project, fields }]);

  commands.add(
    { id: "cut", title: "Cut", group: "edit", where: OBJECTS, keysShown: ["Ctrl+X"], privilege: needsFor("Allocate", lab), isShown: hasObjects, run: () => clipboard.request("cut") },
    { id: "copy", title: "Copy", icon: "copy", group: "edit", where: ["toolbar", ...OBJECTS], keysShown: ["Ctrl+C"], hint: "Copy what is selected, with the links among it",
      whyNot: (target) => (hasObjects(target) ? "" : "Select a node or a drawing first."), run: () => clipboard.request("copy") },
    { id: "paste", title: "Paste", icon: "paste", group: "edit", where: ["toolbar", "map"], keysShown: ["Ctrl+V"], privilege: "Node.Allocate", hint: "Paste what was copied, here or in another lab", run: ({ point }) => clipboard.pasteAt(point) },
    { id: "duplicate", title: "Duplicate", icon: "copy", group: "edit", where: OBJECTS, keys: ["Ctrl+D"], privilege: needsFor("Allocate", lab), isShown: hasObjects, run: ({ ids }) => clipboard.duplicate(ids) },
    { id: "raise", title: "Raise one layer", icon: "layers-up", group: "view", where: OBJECTS, keys: ["]"], privilege: needsFor("Modify", lab), isShown: hasObjects, run: changeLayer("Raise", 1) },
    { id: "lower", title: "Lower one layer", icon: "layers-down", group: "view", where: OBJECTS, keys: ["["], privilege: needsFor("Modify", lab), isShown: hasObjects, run: changeLayer("Lower", -1) },
    {
      id: "lock", title: (target) => (areLocked(target) ? "Unlock" : "Lock"), icon: "lock", group: "edit", where: OBJECTS, keys: ["Shift+L"], privilege: needsFor("Modify", lab),
      hint: "What is locked can neither be moved nor deleted", isShown: hasObjects,
      run: (target) => {
        const locked = !areLocked(target);
        return changeAll(locked ? "Lock" : "Unlock", target.ids, () => ({ locked }));
      },
    },
    {
      id: "grid", title: "Grid", icon: "grid", group: "view", where: ["toolbar"], privilege: "Project.Modify", isPressed: () => Boolean(lab.project?.show_grid), hint: "Show the grid",
      run: () => changeLab(lab.project.show_grid ? "Hide the grid" : "Show the grid", { show_grid: !lab.project.show_grid }),
    },
    {
      id: "snap", title: "Snap", icon: "snap", group: "view", where: ["toolbar"], privilege: "Project.Modify", isPressed: () => Boolean(lab.project?.snap_to_grid), hint: "What is moved snaps to the grid",
      run: () => changeLab(lab.project.snap_to_grid ? "Do not snap to the grid" : "Snap to the grid", { snap_to_grid: !lab.project.snap_to_grid }),
    },
    {
      id: "lock-all", title: () => (allLocked() ? "Unlock all" : "Lock all"), icon: "lock", group: "lab", where: ["map"], privilege: ["Node.Modify", "Drawing.Modify"],
      isShown: () => lab.nodes.size + lab.drawings.size > 0,
      run: () => {
        const locked = !allLocked();
        return changeAll(locked ? "Lock" : "Unlock", [...lab.nodes.keys(), ...lab.drawings.keys()].filter((id) => lab.placed(id).locked !== locked), () => ({ locked }));
      },
    },
    { id: "select-all", title: "Select all", group: "edit", where: ["map"], keys: ["Ctrl+A"], run: () => graph.selectAll([...lab.nodes.keys(), ...lab.links.keys(), ...lab.drawings.keys()]) },
    {
      id: "select-area", title: "Select", icon: "select", group: "edit", where: ["toolbar"], keys: ["S"], isPressed: () => graph.selects, hint: "Press objects to select several, or drag around them",
      run: () => graph.setSelects(!graph.selects),
    },
  );

  const allLocked = () => [...lab.nodes.values(), ...lab.drawings.values()].every(({ locked }) => locked);
}

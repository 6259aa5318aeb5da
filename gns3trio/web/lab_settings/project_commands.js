// The commands for the project itself: its settings, snapshots and notes.

import { showSnapshots } from "../snapshots/snapshots_view.js";
import { editNotes } from "./notes.js";
import { showSettings } from "./settings_form.js";

export function addProjectCommands(tools) {
  const { commands } = tools;
  commands.add(
    { id: "snapshots", title: "Snapshots", icon: "snapshot", group: "lab", where: ["toolbar", "map"], hint: "Take, compare and restore snapshots of the lab", privilege: "Snapshot.Audit", run: () => showSnapshots(tools) },
    { id: "project-settings", title: "Settings", icon: "settings", group: "lab", where: ["toolbar", "map"], hint: "Name, automatic start, grid, variables and more", run: () => showSettings(tools) },
    { id: "notes", title: "Notes", icon: "file", group: "lab", where: ["toolbar", "map"], hint: "A text about this lab", run: () => editNotes(tools) },
  );
}

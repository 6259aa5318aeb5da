// The commands for the project itself: its settings, snapshots and notes.

import { exportProject } from "../projects/export.js";
import { showSnapshots } from "../snapshots/snapshots_view.js";
import { editNotes } from "./notes.js";
import { showSettings } from "./settings_form.js";

export function addProjectCommands(tools) {
  const { commands, lab } = tools;
  commands.add(
    { id: "snapshots", title: "Snapshots", icon: "snapshot", group: "lab", where: ["toolbar", "map"], hint: "Take, compare and restore snapshots of the lab", privilege: "Snapshot.Audit", run: () => showSnapshots(tools) },
    { id: "project-settings", title: "Settings", icon: "settings", group: "lab", where: ["toolbar", "map"], hint: "Name, automatic start, grid, variables and more", run: () => showSettings(tools) },
    { id: "export", title: "Export", icon: "download", group: "lab", where: ["map"], hint: "Save the lab as a file: with everything, or as a text for git", run: () => exportProject({ ...lab.project, status: "opened" }) },
    { id: "notes", title: "Notes", icon: "file", group: "lab", where: ["toolbar", "map"], hint: "A text about this lab", run: () => editNotes(tools) },
  );
}

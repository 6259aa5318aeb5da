// The command that opens the settings of a node, or of several of one type.

import { h } from "../dom.js";
import { formatCount } from "../format.js";
import { NodeSettings } from "./node_settings.js";

// The nodes among the ids, if they are of one type; otherwise null.
export function nodesOfOneType(lab, ids) {
  const nodes = ids.map((id) => lab.nodes.get(id)).filter(Boolean);
  return nodes.length > 0 && nodes.every(({ node_type: type }) => type === nodes[0].node_type) ? nodes : null;
}

export function addSettingsCommands(tools) {
  const { lab, commands } = tools;
  commands.add({
    id: "settings", title: "Settings…", icon: "settings", group: "edit", where: ["node", "several"], keys: ["Ctrl+,"], privilege: "Node.Modify",
    isShown: ({ kind, ids }) => kind === "node" || (kind === "several" && ids.some((id) => lab.nodes.has(id))),
    whyNot: ({ ids }) => (nodesOfOneType(lab, ids) ? "" : "Choose nodes of one type."),
    run: ({ kind, ids }) => {
      if (kind === "several") showSettings(tools, nodesOfOneType(lab, ids));
      else tools.openTab("settings");
    },
  });
}

function showSettings(tools, nodes) {
  const { lab } = tools;
  const settings = new NodeSettings(tools, nodes.map(({ node_id: id }) => id));
  const type = lab.types.get(nodes[0].node_type);
  const title = `${formatCount(nodes.length)} × ${type.title}`;
  const dialog = h("dialog", { className: "form", ariaLabel: `Settings of ${title}` }, h("h2", {}, `Settings of ${title}`),
    h("p", { className: "hint" }, `Only what you change is changed, in all of them.${type.script_file ? " In the start-up script, {n} stands for the number at the end of each name." : ""}`), settings.element,
    h("p", { className: "buttons" }, h("button", { type: "button", onclick: () => dialog.close() }, "Close")));
  const view = { reset: () => dialog.close(), update: (changed) => settings.update(changed) };
  lab.views.add(view);
  dialog.addEventListener("close", () => {
    lab.views.delete(view);
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
}

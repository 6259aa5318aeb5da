// The drawer of a lab: its consoles follow their nodes, and its tabs are there again after the page was loaded again.

import { Drawer } from "./drawer.js";
import { isShownHere, openConsole } from "./consoles.js";
import { readTabs, storeTabs } from "./open_tabs.js";
import { openPackets } from "./packets.js";

// Opens a tab again without taking the focus; nothing, if it shows what is gone.
const OPENERS = {
  __proto__: null,
  console: (drawer, lab, id) => {
    const node = lab.nodes.get(id);
    if (node && isShownHere(node)) openConsole(drawer, lab, node, { focus: false });
  },
  packets: openPackets,
};

export function makeLabDrawer(lab) {
  let restored = false;
  const drawer = new Drawer(() => restored && storeTabs(lab.projectId, stored(drawer)));
  const follow = (isAffected) => {
    for (const [id, { content }] of drawer.open) {
      if (!content.nodeId || !isAffected(content.nodeId)) continue;
      const node = lab.nodes.get(content.nodeId);
      content.nodeChanged(node);
      if (node) drawer.rename(id, node.name);
    }
  };
  lab.views.add({
    reset: () => {
      if (restored) follow(() => true);
      else restore(drawer, lab);
      restored = true;
    },
    update: (changed) => follow((id) => changed.has(id)),
  });
  lab.on("project", (what) => ["closed", "deleted"].includes(what) && drawer.end());
  keepMessagesAbove(drawer.element);
  return drawer;
}

function stored({ open, state }) {
  const kept = [...open].filter(([, each]) => each.stored);
  return { tabs: kept.map(([, each]) => each.stored), chosen: state.chosen, beside: [...state.beside] };
}

function restore(drawer, lab) {
  const before = readTabs(lab.projectId);
  if (!before) return;
  for (const [kind, id] of before.tabs) OPENERS[kind]?.(drawer, lab, id);
  drawer.change(() => drawer.state.showAgain(before));
}

// Messages lie above the drawer, and cover no console. On a narrow screen there is a sheet below it.
function keepMessagesAbove(element) {
  const messages = document.getElementById("messages");
  new ResizeObserver(() => {
    const below = element.offsetHeight ? window.innerHeight - element.getBoundingClientRect().top : 0;
    messages.style.setProperty("--below", `${below}px`);
  }).observe(element);
}

// The page of one console: the window into which a console of a lab was moved. It needs no page of the lab.

import { button } from "../actions.js";
import { EventStream, get, at } from "../api.js";
import { h, set, setText } from "../dom.js";
import { icon } from "../icons.js";
import { showConnection, tell } from "../messages.js";
import { hasConsole, isShownHere, makeConsole } from "./consoles.js";
import { FullView, keepFocus } from "./full_view.js";

export async function showConsolePage(main, projectId, nodeId) {
  const lab = { projectId, path: `/v2/projects/${projectId}`, nodes: new Map() };
  const title = document.getElementById("title");
  const place = h("div", { className: "console-page" });
  const full = new FullView(place, () => {});
  const findButton = tool("search", "Find in this console (Ctrl+Shift+F)", () => content?.find());
  let content = null;
  document.body.classList.add("popped-out");
  set(title, { role: "heading", "aria-level": 1 });
  main.replaceChildren(place);

  function show(node) {
    lab.nodes = new Map(node ? [[nodeId, node]] : []);
    if (node) document.title = `${node.name} · console`;
    setText(title, node?.name ?? "");
    if (content) content.nodeChanged(node);
    else if (node && isShownHere(node)) open(node);
    else if (node) refuse(hasConsole(node) ? "This page does not show its console." : `${node.name} has no console.`);
  }

  function open(node) {
    content = makeConsole(lab, node, { onTyped: (text) => content.type(text), onAction: () => {} });
    findButton.hidden = !content.find;
    place.replaceChildren(h("div", { className: "drawer-tools" }, findButton, full.button), content.element);
    content.shown();
  }

  function refuse(text) {
    place.replaceChildren(h("p", { className: "notice" }, text, " ", h("a", { href: at(`/projects/${projectId}`) }, "To the lab")));
  }

  function leave(text) {
    stream.close();
    content?.close();
    content = null;
    refuse(text);
  }

  const stream = new EventStream({
    projectId,
    onEvent: (action, event) => {
      if (action === "node.updated" && event.node_id === nodeId) show({ ...lab.nodes.get(nodeId), ...event });
      else if (action === "node.deleted" && event.node_id === nodeId) show(undefined);
      else if (action === "project.closed" || action === "project.deleted") leave(`The project was ${action.split(".")[1]}.`);
    },
    onConnection: showConnection,
    onReload: async () => {
      try {
        show(await get(`${lab.path}/nodes/${nodeId}`));
      } catch (error) {
        if (!content) refuse(error.message);
        throw error;
      }
    },
    onError: (error) => tell(error.message, "error"),
    onRefused: ({ message }) => leave(message),
  });
}

const tool = (name, title, action) => button(icon(name), action, { title, ariaLabel: title, className: "plain", onmousedown: keepFocus });

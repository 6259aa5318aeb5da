// The commands that arrange a lab.

import { ask } from "../actions.js";
import { post } from "../api.js";
import { h } from "../dom.js";
import { LAYOUTS, arrange } from "./arrange.js";

const nextFrame = () => new Promise((done) => { requestAnimationFrame(done); });

export function addArrangeCommands(tools) {
  const { lab, graph, commands } = tools;

  async function run(layout, ids) {
    const still = graph.stage.large || document.hidden || matchMedia("(prefers-reduced-motion: reduce)").matches;
    await arrange(tools, layout, ids, { post, frames: nextFrame, still });
    if (!ids.length) graph.fit();
  }

  // The nodes of what is selected; one alone has nothing to be arranged with.
  const nodesOf = ({ ids }) => {
    const nodes = ids.filter((id) => lab.nodes.has(id));
    return nodes.length > 1 ? nodes : [];
  };

  commands.add(
    {
      id: "arrange", title: "Arrange", icon: "arrange", group: "edit", where: ["toolbar"], privilege: "Node.Modify",
      hint: (target) => (nodesOf(target).length ? "Lay out the selected nodes" : "Lay out the whole lab"),
      whyNot: () => (lab.nodes.size > 1 ? "" : "There are no two nodes to arrange."),
      run: async (target) => {
        const ids = nodesOf(target);
        const wanted = await ask(ids.length ? `Arrange ${ids.length} selected nodes` : "Arrange the lab", choices(), "Arrange");
        if (wanted) await run(wanted.layout, ids);
      },
    },
    ...[...LAYOUTS].map(([layout, { title, hint }]) => ({
      id: `arrange-${layout}`, title: `Arrange ${title.toLowerCase()}`, icon: "arrange", group: "edit", where: ["several", "map"], privilege: "Node.Modify", hint,
      isShown: (target) => target.kind === "map" ? lab.nodes.size > 1 : nodesOf(target).length > 1,
      run: (target) => run(layout, nodesOf(target)),
    })),
  );
}

function choices() {
  return [...LAYOUTS].map(([value, { title, hint }], place) => h("label", { className: "choice" },
    h("input", { type: "radio", name: "layout", value, checked: place === 0 }), h("span", {}, title, h("span", { className: "hint" }, ` ${hint}`))));
}

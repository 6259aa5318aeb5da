// What an empty lab says to do first.

import { button } from "./actions.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { readExample, requestsFor } from "./projects/example.js";
import { randomId } from "./random_id.js";

// An element over the map, which is there only while the lab is empty.
export function emptyLab({ lab, history, addNode }) {
  const guarded = (made) => lab.rights.guard("Node.Allocate", made);
  const element = h("div", { className: "empty-lab", hidden: true }, icon("lab"), h("h2", {}, "This lab is empty"),
    h("p", {}, "Choose a type of node above (VPCS is a small PC), and press Add node or Add several. Link two nodes with Add link. Then start them, and open their consoles with a double click."),
    h("p", { className: "buttons" },
      guarded(button("Add a first node", () => addNode(), { className: "primary" })),
      guarded(button("Make the example lab", async () => {
        const example = await readExample();
        const { redo, undo } = requestsFor(lab.path, example, randomId);
        await history.make("Make the example lab", redo, undo);
      }, { title: "Four PCs in two VLANs over two switches" }))));
  const show = () => { element.hidden = lab.nodes.size + lab.drawings.size > 0; };
  lab.views.add({ reset: show, update: show });
  return element;
}

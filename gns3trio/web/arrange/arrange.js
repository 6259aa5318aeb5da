// Arranges a lab, or what is selected of it: the server tells the new places, the nodes glide there, and then the server gets them.

import { counted } from "../format.js";

const GLIDE_MS = 350;
// More nodes than this are put where they belong at once.
const MOST_GLIDING = 300;

export const LAYOUTS = new Map([
  ["layered", { title: "In layers", hint: "Rows by the distance from the core; hosts below their switch" }],
  ["force", { title: "By forces", hint: "Linked nodes near each other, for labs without a hierarchy" }],
  ["circle", { title: "In circles", hint: "Switches on a circle, their hosts outside" }],
]);

// `ids` are the nodes to arrange, or none for all. `post(path, body)` sends a request, `frames` waits for the next picture and tells the
// time in ms; `still` if nothing shall move.
export async function arrange({ lab, history }, layout, ids, { post, frames, still }) {
  const { nodes } = await post(`${lab.path}/arrange`, { layout, dry_run: true, ...(ids.length ? { nodes: ids } : {}) });
  const before = nodes.filter(({ node_id }) => lab.placed(node_id)).map(({ node_id }) => ({ node_id, x: lab.placed(node_id).x, y: lab.placed(node_id).y }));
  if (!before.length) throw new Error("There is nothing to arrange: locked nodes stay where they are.");
  if (!still && nodes.length <= MOST_GLIDING) await glide(lab, before, nodes, frames);
  try {
    const request = (places) => [{ method: "PUT", path: `${lab.path}/positions`, body: { nodes: places } }];
    await history.make(`Arrange ${ids.length ? counted(nodes.length, "node") : "the lab"}`, request(nodes), request(before));
  } catch (error) {
    for (const { node_id, x, y } of before) if (lab.placed(node_id)) lab.place(node_id, x, y);
    throw error;
  }
}

async function glide(lab, from, to, frames) {
  const ends = new Map(to.map((each) => [each.node_id, each]));
  const begin = await frames();
  for (let part = 0; part < 1;) {
    part = Math.min((await frames() - begin) / GLIDE_MS, 1);
    const eased = 1 - (1 - part) ** 3;
    for (const { node_id, x, y } of from) {
      const end = ends.get(node_id);
      if (lab.placed(node_id)) lab.place(node_id, x + eased * (end.x - x), y + eased * (end.y - y));
    }
  }
}

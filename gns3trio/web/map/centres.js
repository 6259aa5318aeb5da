// Where the things of a lab have their middle: [x, y].

import { middleOfBox } from "./map_view.js";
import { centreOf } from "./node_box.js";

// Of a node, a drawing, a group, or of what a link joins.
export function centreOfThing(graph, id) {
  const node = graph.lab.nodes.get(id);
  if (node) return centreOf(node);
  const drawing = graph.lab.drawings.get(id);
  if (drawing) return middleOfBox(graph.boxOfDrawing(drawing) ?? [drawing.x, drawing.y, drawing.x, drawing.y]);
  const group = graph.group(id);
  if (group) return [group.x, group.y];
  const centres = graph.lab.links.get(id)?.nodes.map((end) => centreOfThing(graph, end.node_id)) ?? [];
  return [0, 1].map((axis) => centres.reduce((sum, place) => sum + place[axis], 0) / Math.max(centres.length, 1));
}

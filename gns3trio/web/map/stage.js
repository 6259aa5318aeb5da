// The elements of the map. Of a small lab, those of all objects. Of a large lab, those in view; and if there are too many in view,
// groups of nodes that lie near each other.

import { s, set } from "../dom.js";
import { DrawingShape } from "./drawings.js";
import { cellSize, groupLab } from "./grouping.js";
import { BundleShape, GroupShape, LAYER } from "./groups.js";
import { boxInView, groupsInView, linksInView, nodesInView } from "./in_view.js";
import { LabelRoom } from "./label_room.js";
import { Layers } from "./layers.js";
import { LinkShape } from "./links.js";
import { NodeShape } from "./nodes.js";
import { MOST_MOVING } from "./wire_state.js";

// Labs of at most this size are small.
const [SMALL_NODES, SMALL_LINKS] = [1200, 2400];
// So many selected objects are drawn also if they are out of view.
const MOST_MARKED = 20;
// New shapes of a large lab are made for so long in each frame.
const MAKE_MS = 8;
// Groups are counted again at most so often.
export const COUNT_AGAIN_MS = 250;

export class Stage {
  // `marks` has the `selection`, and the nodes of a new link in `linking`; `onMade` is called after new shapes were made.
  constructor(lab, marks, onMade) {
    Object.assign(this, { lab, marks, onMade });
    this.elements = new Map(); // shapes by id
    this.layers = new Layers();
    this.hits = new Layers(); // what of drawings can be clicked, below all
    this.scene = s("g", {}, this.hits.scene, this.layers.scene);
    this.room = new LabelRoom((id) => this.tryAgain(id));
    this.room.hasPortNames = false;
    this.rest = s("path", { class: "rest", "aria-hidden": "true" }); // of the links that have no shape
    this.clear();
  }

  clear() {
    this.elements.clear();
    this.layers.clear();
    this.hits.clear();
    this.room.clear();
    this.groups = new Map(); // those that are shown, by id
    this.bundles = new Map();
    [this.grouping, this.grouped] = [null, false];
    this.missing = []; // ids of shapes to make
    this.large = this.isLarge();
  }

  reset() {
    this.clear();
    const { nodes, drawings, links } = this.lab; // in this order: texts of links give way to the others
    for (const things of this.large ? [drawings] : [nodes, drawings, links]) for (const id of things.keys()) this.draw(id);
  }

  // Redraws what has changed. Of a large lab, other objects may be in view now, which `arrange` shows.
  update(changed) {
    if (this.large !== this.isLarge()) {
      this.reset();
      return;
    }
    for (const id of changed) {
      if (!this.exists(id)) this.remove(id);
      else if (!this.large || this.elements.has(id) || this.lab.drawings.has(id)) this.draw(id);
    }
    this.stale = true;
  }

  isLarge() {
    return this.lab.nodes.size > SMALL_NODES || this.lab.links.size > SMALL_LINKS;
  }

  exists(id) {
    return [this.lab.nodes, this.lab.links, this.lab.drawings].some((things) => things.has(id)) || this.group(id) !== undefined;
  }

  remove(id) {
    for (const part of this.elements.get(id)?.parts() ?? []) part.remove();
    this.elements.delete(id);
    this.room.release(id);
  }

  // There may be room for a text of a link that has had none.
  tryAgain(id) {
    this.elements.get(id)?.tryAgain();
    this.lab.touch(id);
  }

  // Whether the names of all ports are shown, which is a setting of the project.
  showPortNames() {
    const areShown = Boolean(this.lab.project?.show_interface_labels);
    if (this.room.hasPortNames !== areShown) {
      this.room.hasPortNames = areShown;
      for (const id of this.elements.keys()) if (this.lab.links.has(id)) this.lab.touch(id);
    }
    return areShown;
  }

  draw(id) {
    const [node, link, drawing] = [this.lab.nodes, this.lab.links, this.lab.drawings].map((things) => things.get(id));
    const { layers, lab, room, scale } = this;
    const selected = this.marks.selection.has(id);
    if (node) this.shape(id, NodeShape).show(node, { kept: lab.problems.has(id), host: lab.hosts.of(node), dimmed: !lab.hosts.isShown(node), source: this.marks.linking.source === id || this.marks.linking.target === id, selected, layers, room });
    else if (link) {
      const nodes = link.nodes.map((end) => lab.nodes.get(end.node_id));
      if (nodes.length !== 2 || nodes.some((each) => !each)) return; // GNS3's files may contain links with one end or none
      this.shape(id, LinkShape).show(link, { lab, nodes, selected, layers, room, canMove: !this.large && lab.busy.size <= MOST_MOVING });
    } else if (drawing) this.shape(id, DrawingShape).show(drawing, { selected, layers, room, hits: this.hits });
    else if (this.group(id)) this.shape(id, GroupShape).show(this.group(id), { scale, selected, layers });
    else if (this.bundles.has(id)) this.shape(id, BundleShape).show(this.bundles.get(id), { scale, layers });
  }

  shape(id, Kind) {
    if (!this.elements.has(id)) this.elements.set(id, new Kind(id));
    return this.elements.get(id);
  }

  // The objects that the arrow keys can reach: in a lab that is shown in groups, groups and nodes without a group.
  choosable() {
    if (!this.grouped) return [...this.lab.nodes.keys(), ...this.lab.links.keys(), ...this.lab.drawings.keys()].filter((id) => this.large || this.elements.has(id));
    return [...this.grouping.groups.values()].map(({ id, nodes }) => (nodes.length === 1 ? nodes[0].node_id : id));
  }

  // The object that the Tab key reaches if none is selected. In a large lab it must be in view; `before` stays if it is.
  firstChoosable(before) {
    if (!this.large) return [this.lab.nodes, this.lab.drawings].find((things) => things.size)?.keys().next().value;
    if (this.elements.has(before)) return before;
    return [...this.elements.keys()].find((id) => this.lab.nodes.has(id) || this.groups.has(id));
  }

  // The group with an id, also if it is out of view.
  group(id) {
    return this.grouped ? this.grouping.groups.get(id) : undefined;
  }

  // --- large labs ---

  // Shows what is in view. Shapes that are missing are made over some frames.
  arrange(view, size) {
    this.scale = view.scale;
    const box = boxInView(view, size);
    const nodes = nodesInView(this.lab.nodes.values(), box);
    this.grouped = nodes === null;
    const shown = nodes ? { nodes, groups: [], bundles: [], ...linksInView(this.lab, box) } : groupsInView(this.counted(cellSize(view.scale)), box);
    const byId = (things) => new Map(things.map((thing) => [thing.id, thing]));
    [this.groups, this.bundles] = [byId(shown.groups), byId(shown.bundles)];
    const marked = [...[...this.marks.selection].slice(0, MOST_MARKED), this.marks.linking.source].filter((id) => this.exists(id));
    const wanted = new Set([...marked, ...shown.nodes.map(({ node_id }) => node_id), ...this.groups.keys(), ...shown.links, ...this.bundles.keys()]);
    for (const id of this.elements.keys()) if (!wanted.has(id) && !this.lab.drawings.has(id)) this.remove(id);
    for (const id of this.elements.keys()) if (this.group(id) || this.bundles.has(id)) this.draw(id);
    set(this.rest, { d: shown.rest });
    this.layers.put(this.rest, LAYER, "bundles");
    this.missing = [...wanted].filter((id) => !this.elements.has(id)).toReversed();
    this.make();
  }

  make() {
    cancelAnimationFrame(this.making);
    const end = performance.now() + MAKE_MS;
    while (this.missing.length && performance.now() < end) this.draw(this.missing.pop());
    if (this.missing.length) this.making = requestAnimationFrame(() => this.make());
    this.onMade();
  }

  // The groups of cells of this size, counted not long ago.
  counted(size) {
    const now = performance.now();
    if (this.grouping?.size !== size || (this.stale && now >= this.countedAt + COUNT_AGAIN_MS)) {
      this.grouping = groupLab(this.lab, size);
      this.countedAt = now;
      this.stale = false;
    }
    return this.grouping;
  }
}

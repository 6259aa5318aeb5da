// The commands for drawings: add, edit, resize and turn them.

import { act } from "../actions.js";
import { h } from "../dom.js";
import { tell } from "../messages.js";
import { DrawingTool } from "./drawing_tool.js";
import { resized, toMap, turned } from "./geometry.js";
import { Handles } from "./handles.js";
import { editNote } from "./note_editor.js";
import { ACCEPTED, naturalSize, pictureDrawing } from "./pictures.js";
import { nameOfShape } from "./shape_format.js";

const TURN = 15; // degrees
const STEP = 10; // pixels

// `scene` is the element around the map.
export function addDrawingCommands({ lab, graph, commands, edits }, scene) {
  const hint = h("p", { className: "drawing-hint", role: "status", hidden: true });
  scene.append(hint);
  const show = (text) => {
    hint.textContent = text;
    hint.hidden = !text;
  };
  const tool = new DrawingTool({ graph, tell: show, onDrawn: (kind, drawing) => act(() => (kind === "note" ? typeNote(drawing) : add(kind, drawing)))() });
  new Handles({ lab, graph, edits });
  const file = h("input", { type: "file", accept: ACCEPTED, hidden: true, ariaLabel: "Picture", id: "picture-file", onchange: act(() => addPicture(file)) });
  scene.append(file);

  async function add(kind, drawing) {
    const [id] = await edits.add(`Add ${nameOfShape(drawing.shape)}`, [drawing]);
    graph.select(id, true);
  }

  // A new note is typed first; without text, there is none.
  function typeNote({ shape, ...fields }) {
    return editNote(graph, { ...shape, ...fields, rotation: 0 }, (text) => (text.trim() ? add("note", { ...fields, shape: { ...shape, text } }) : null));
  }

  function editText(id) {
    const shape = edits.shapeOf(id);
    if (shape?.kind !== "note" || lab.drawings.get(id).locked) return null;
    return editNote(graph, shape, async (text) => {
      if (!lab.drawings.has(id)) {
        tell("The note was deleted meanwhile.", "error");
        return;
      }
      await edits.keep(id, `Edit ${lab.nameOf(id)}`, edits.reshaped(id, { text }));
      graph.focus(id);
    });
  }

  async function addPicture(input) {
    const [chosen] = input.files;
    input.value = "";
    if (!chosen) return;
    const { svg, width, height } = await pictureDrawing(chosen, naturalSize);
    const [x, y] = graph.middle();
    const [id] = await edits.add(`Add picture ${chosen.name}`, [{ x: Math.round(x - width / 2), y: Math.round(y - height / 2), z: 1, svg }]);
    graph.select(id, true);
  }

  const one = ({ kind, ids }) => (kind === "drawing" ? ids[0] : null);
  const free = (target) => (lab.drawings.get(one(target))?.locked ? "It is locked: unlock it first." : "");
  const isOne = (target) => one(target) !== null;

  function turn(target, by) {
    const id = one(target);
    const shape = edits.shapeOf(id);
    const fields = shape.width === null ? { rotation: (shape.rotation + by) % 360 } : turned(shape, shape.rotation + by);
    return edits.keep(id, `Turn ${lab.nameOf(id)}`, fields, { joins: `${id} turn` });
  }

  function resize(target, [across, down]) {
    const id = one(target);
    const shape = edits.shapeOf(id);
    if (shape.width === null || shape.kind === "note") throw new Error(shape.kind === "note" ? "A note is as large as its text: change the size of its font." : "This drawing has no size of its own.");
    const corner = toMap([shape.width + across * STEP, shape.height + down * STEP], shape);
    const { width, height } = resized(shape, "se", corner);
    return edits.keep(id, `Resize ${lab.nameOf(id)}`, edits.reshaped(id, { width, height }), { joins: `${id} resize` });
  }

  const addCommand = (kind, title, keys, icon = kind) => ({ id: `add-${kind}`, title, icon, group: "add", keys, where: ["toolbar", "map"], privilege: "Drawing.Allocate", run: () => tool.choose(kind) });
  commands.add(
    addCommand("note", "Note", ["T"], "add-note"),
    addCommand("rectangle", "Rectangle", ["B"]),
    addCommand("ellipse", "Ellipse", ["O"]),
    addCommand("line", "Line", ["I"]),
    { id: "add-picture", title: "Picture…", icon: "picture", group: "add", where: ["toolbar", "map"], privilege: "Drawing.Allocate", hint: "Add a PNG, JPEG or SVG file", run: () => file.click() },
    { id: "edit-text", title: "Edit text", icon: "edit", group: "edit", keys: ["F2"], where: ["drawing"], privilege: "Drawing.Modify", isShown: (target) => edits.shapeOf(one(target))?.kind === "note", whyNot: free, run: (target) => editText(one(target)) },
    { id: "turn-right", title: "Turn by 15°", group: "edit", keys: ["R"], where: ["drawing"], privilege: "Drawing.Modify", isShown: isOne, whyNot: free, run: (target) => turn(target, TURN) },
    { id: "turn-left", title: "Turn back by 15°", group: "edit", keys: ["Shift+R"], where: ["drawing"], privilege: "Drawing.Modify", isShown: isOne, whyNot: free, run: (target) => turn(target, -TURN) },
    ...[["Right", "wider", [1, 0]], ["Left", "narrower", [-1, 0]], ["Down", "higher", [0, 1]], ["Up", "lower", [0, -1]]].map(([key, how, by]) => (
      { id: `resize-${how}`, title: `Make it ${how}`, group: "edit", keys: [`Alt+${key}`], privilege: "Drawing.Modify", isShown: isOne, whyNot: free, run: (target) => resize(target, by) })),
  );
  return { editText };
}

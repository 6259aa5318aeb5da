import assert from "node:assert/strict";
import test from "node:test";

import { DrawingEdits } from "../../../gns3trio/web/drawings/edits.js";
import { readShape } from "../../../gns3trio/web/drawings/shape_format.js";

const RECT = '<svg height="10" width="20"><rect fill="#ffffff" fill-opacity="1.0" height="10" stroke="#000000" stroke-width="1" width="20" /></svg>';

function lab(refusal = null) {
  const made = {
    path: "/p", drawings: new Map([["a", { drawing_id: "a", x: 1, y: 2, z: 3, rotation: 0, locked: false, svg: RECT }]]), touched: [],
    touch: (id) => made.touched.push(id), nameOf: () => "the rectangle",
    apply: (action, event) => made.drawings.set(event.drawing_id, { ...made.drawings.get(event.drawing_id), ...event }),
  };
  const history = {
    sent: [],
    make: async (...args) => { history.sent.push(args); return []; },
    change: async (text, changes, options) => {
      if (refusal) throw new Error(refusal);
      history.sent.push([text, changes, options]);
      return [{ drawing_id: "a", ...changes[0].fields }];
    },
  };
  return { lab: made, history, edits: new DrawingEdits({ lab: made, history, widthOf: (line) => 10 * line.length, newId: () => "new" }) };
}

test("what is shown is kept as one change", async () => {
  const { lab: at, history, edits } = lab();
  edits.preview("a", { x: 5 });
  edits.preview("a", { x: 9, y: 8 });
  assert.deepEqual(at.touched, ["a", "a"]);
  await edits.keep("a", "Move", {}, { joins: "j" });
  const [[text, [{ path, before, fields }], options]] = history.sent;
  assert.deepEqual([text, path, fields, before.x, before.y, options], ["Move", "/p/drawings/a", { x: 9, y: 8 }, 1, 2, { joins: "j" }]);
});

test("nothing is sent if nothing has changed", async () => {
  const { history, edits } = lab();
  edits.preview("a", { x: 5 });
  edits.preview("a", { x: 1 });
  await edits.keep("a", "Move");
  assert.deepEqual(history.sent, []);
});

test("what the server refuses is shown as before", async () => {
  const { lab: at, edits } = lab("no");
  edits.preview("a", { x: 5 });
  await assert.rejects(edits.keep("a", "Move"), /no/);
  assert.equal(at.drawings.get("a").x, 1);
});

test("what is given up is shown as before", () => {
  const { lab: at, edits } = lab();
  edits.preview("a", { x: 5 });
  edits.giveUp("a");
  assert.equal(at.drawings.get("a").x, 1);
  edits.preview("b", { x: 5 }); // it was deleted
  assert.ok(!at.drawings.has("b"));
});

test("a shape gets other colours and sizes", () => {
  const { edits } = lab();
  assert.deepEqual(readShape(edits.reshaped("a", { fill: "#ff0000" }).svg), { ...readShape(RECT), fill: "#ff0000" });
  assert.deepEqual(readShape(edits.reshaped("a", { width: 44 }).svg), { ...readShape(RECT), width: 44 });
});

test("new drawings have ids that a redo keeps", async () => {
  const { history, edits } = lab();
  const note = { kind: "note", text: "abc", color: "#000000", opacity: 1, family: "Sans", size: 10, bold: false, italic: false, underline: false };
  assert.deepEqual(await edits.add("Add", [{ x: 1, y: 2, z: 2, shape: note }]), ["new"]);
  const [[, [{ method, path, body }], undo]] = history.sent;
  assert.deepEqual([method, path, body.drawing_id, readShape(body.svg).width], ["POST", "/p/drawings", "new", 38]);
  assert.deepEqual(undo, [{ method: "DELETE", path: "/p/drawings/new" }]);
});

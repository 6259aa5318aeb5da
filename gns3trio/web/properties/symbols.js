// The symbols of the server: choosing one, and uploading pictures. Pictures are shown by <img>, in which no script runs.

import { act, ask, button } from "../actions.js";
import { at, get, request } from "../api.js";
import { h, setText } from "../dom.js";
import { pictureName, pictureProblem } from "./picture_file.js";

export const pictureOf = (id) => at(`/v2/symbols/${encodeURIComponent(id)}/raw`);
const pathOf = (id, what) => `/v2/symbols/${encodeURIComponent(id)}/${what}`;

export const listSymbols = () => get("/v2/symbols");

// The size of a symbol in pixels, as fields of a node.
export const sizeOfSymbol = (id) => get(pathOf(id, "dimensions"));

// The control of a form: the picture, and a button that opens the chooser.
export function symbolControl(field, { onChange }) {
  const picture = h("img", { alt: "", width: 36, height: 36 });
  const name = h("span", { className: "hint" });
  const choose = h("button", { type: "button", onclick: act(async () => {
    const id = await chooseSymbol(value);
    if (id === null) return;
    show(id);
    onChange();
  }) }, "Choose…");
  let value = null;

  function show(id) {
    value = id;
    const isKnown = typeof id === "string";
    picture.hidden = !isKnown;
    if (isKnown) picture.src = pictureOf(id);
    setText(name, isKnown ? shortName(id) : "different values");
  }

  return {
    control: choose,
    element: h("span", { className: "symbol-choice" }, picture, name, choose),
    get: () => value,
    set: show,
    focus: () => choose.focus(),
  };
}

export const shortName = (id) => id.split("/").at(-1).replace(/\.\w+$/, "").replaceAll("_", " ");

// A dialog with all symbols. Resolves with the id of the chosen one, or null.
function chooseSymbol(current) {
  return new Promise((resolve) => {
    let result = null;
    const find = h("input", { type: "search", placeholder: "Find a symbol", ariaLabel: "Find a symbol", oninput: () => draw() });
    const grid = h("div", { className: "symbols" });
    const none = h("p", { className: "hint", hidden: true }, "No symbol has this name.");
    const [file, upload] = uploadParts(async (id) => {
      await load();
      pick(id);
    });
    const dialog = h("dialog", { className: "form", ariaLabel: "Choose a symbol" }, h("h2", {}, "Choose a symbol"), find, grid, none,
      h("p", { className: "buttons" }, upload, file, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel")));
    let symbols = [];

    async function load() {
      symbols = await listSymbols();
      draw();
    }

    function draw() {
      const words = find.value.trim().toLowerCase();
      const found = symbols.filter(({ symbol_id: id }) => shortName(id).toLowerCase().includes(words));
      grid.replaceChildren(...found.map(({ symbol_id: id }) => symbolButton(id, () => pick(id), { pressed: shortName(id) === shortName(current ?? "") })));
      none.hidden = found.length > 0;
    }

    function pick(id) {
      result = id;
      dialog.close();
    }

    dialog.addEventListener("close", () => {
      resolve(result);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
    act(load)();
  });
}

function symbolButton(id, onclick, { pressed = false } = {}) {
  return h("button", { type: "button", title: shortName(id), ariaPressed: String(pressed), onclick },
    h("img", { src: pictureOf(id), alt: "", loading: "lazy" }), h("span", {}, shortName(id)));
}

// A hidden input for a file and the button that opens it. `onDone(id)` is called when a picture has arrived.
export function uploadParts(onDone) {
  const file = h("input", { type: "file", accept: ".svg,.png,.jpg,.jpeg,.gif", hidden: true, ariaLabel: "Picture to upload", onchange: act(async () => {
    const [chosen] = file.files;
    file.value = "";
    const id = await uploadPicture(chosen);
    if (id !== null) await onDone(id);
  }) });
  return [file, button("Upload a picture…", async () => file.click())];
}

// Sends a picture; resolves with the id of its symbol, or null if it shall not replace another. Throws an error for people.
async function uploadPicture(file) {
  const problem = pictureProblem(file);
  if (problem) throw new Error(problem);
  await requirePicture(file);
  const name = pictureName(file.name);
  const there = await listSymbols();
  const warning = h("p", {}, "All nodes with this symbol get the new picture.");
  if (there.some(({ symbol_id: id }) => id === name) && !(await ask(`Replace ${name}?`, warning, "Replace", { danger: true }))) return null;
  await request("POST", pathOf(name, "raw"), file);
  return name;
}

// The browser must be able to show it: a broken picture would be seen on the map only.
async function requirePicture(file) {
  const url = URL.createObjectURL(file);
  try {
    await Object.assign(new Image(), { src: url }).decode();
  } catch {
    throw new Error(`${file.name} is not a picture that can be shown.`);
  } finally {
    URL.revokeObjectURL(url);
  }
}

// Types the text of a note where it stands on the map. What was typed is kept when the user does something else.

import { h } from "../dom.js";
import { fontOf } from "./new_shapes.js";

// GNS3's clients begin a note this far from its left.
const LEFT = 4;
const LONGEST = 10000; // characters
const POINT = 4 / 3;

let opened = null;

// Opens the editor for a note {x, y, rotation, text, ...}. `onText(text)` gets the new text, once. Resolves when it is closed.
export function editNote(graph, note, onText) {
  opened?.finish();
  return new Promise((resolve) => {
    const area = h("textarea", { className: "note-editor", ariaLabel: "Text of the note", value: note.text, maxLength: LONGEST, spellcheck: false });
    const view = {
      group: null,
      showView: () => {
        const { x, y, scale } = graph.view;
        const [map, around] = [graph.svg, graph.svg.parentElement].map((element) => element.getBoundingClientRect());
        Object.assign(area.style, {
          left: `${map.left - around.left + x + scale * note.x}px`, top: `${map.top - around.top + y + scale * note.y}px`,
          transform: `scale(${scale}) rotate(${note.rotation ?? 0}deg)`, font: fontOf(note), lineHeight: `${1.2 * POINT * note.size}px`, paddingLeft: `${LEFT}px`,
        });
      },
    };
    const fit = () => {
      const lines = area.value.split("\n");
      Object.assign(area, { rows: lines.length, cols: Math.max(8, ...lines.map((line) => line.length + 1)) });
    };
    let isDone = false;
    const finish = () => {
      if (isDone) return;
      isDone = true;
      opened = null;
      graph.overlays.drop(view);
      area.remove();
      resolve(onText(area.value.replaceAll("\r", "")));
    };
    opened = { finish };
    area.addEventListener("input", fit);
    area.addEventListener("blur", finish);
    area.addEventListener("pointerdown", (event) => event.stopPropagation());
    area.addEventListener("keydown", (event) => {
      event.stopPropagation(); // it is no key of the map
      if (event.key !== "Escape" && !(event.key === "Enter" && (event.ctrlKey || event.metaKey))) return;
      event.preventDefault();
      finish();
    });
    graph.overlays.add(view);
    graph.svg.parentElement.append(area);
    fit();
    view.showView();
    area.focus();
    area.select();
  });
}

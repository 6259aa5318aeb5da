// Where panels are: beside the map, or on a narrow screen in a sheet below it, of which the beginning is shown until it is pulled up.

import { h, set } from "../dom.js";
import { icon } from "../icons.js";

// A pull that is shorter than this is a press.
const PULL = 20;

// `map`: pressing it lets the whole map be seen again. `drawer`: what is opened in it is not covered.
export function makeSheet(map, drawer) {
  const handle = h("button", { type: "button", className: "sheet-handle", onclick: () => show(!isOpen), onpointerdown: pull }, icon("up"));
  const content = h("div", { className: "details", tabIndex: -1, onfocusin: (event) => event.target.matches("input, select, textarea") && show(true) });
  const element = h("aside", { className: "side", ariaLabel: "Details" }, handle, content);
  let isOpen = false;
  let wasPulled = false;

  function show(open) {
    if (wasPulled) return;
    isOpen = open;
    element.classList.toggle("open", open);
    set(handle, { "aria-expanded": open, "aria-label": open ? "Show less of the details" : "Show all details" });
    if (!open) content.scrollTop = 0;
  }

  function pull(event) {
    handle.setPointerCapture(event.pointerId);
    const follow = (next) => {
      const up = event.clientY - next.clientY;
      if (Math.abs(up) < PULL) return;
      stop();
      show(up > 0);
      wasPulled = true; // the press that ends it is none
      setTimeout(() => { wasPulled = false; }, 400);
    };
    const stop = () => {
      handle.removeEventListener("pointermove", follow);
      handle.removeEventListener("pointerup", stop);
      handle.removeEventListener("pointercancel", stop);
    };
    handle.addEventListener("pointermove", follow);
    handle.addEventListener("pointerup", stop);
    handle.addEventListener("pointercancel", stop);
  }

  map.addEventListener("pointerdown", () => show(false));
  drawer.addEventListener("asked", () => show(false));
  show(false);
  return { element, content };
}

// Shows an element on the whole screen: the page in the browser's full screen, and the element over all of the page but the messages.

import { button } from "../actions.js";
import { h, set } from "../dom.js";
import { icon } from "../icons.js";

const ENTER = "Full screen";
const LEAVE = "Leave full screen"; // no other key or button does: Esc is for the node

// Where the browser refuses its full screen, the element still takes the whole window. `onChange` is called with whether it does.
export class FullView {
  constructor(element, onChange) {
    Object.assign(this, { element, onChange, isOn: false });
    this.leave = () => document.fullscreenElement || this.set(false);
    this.text = h("span", { hidden: true }, LEAVE);
    this.button = button([icon("expand"), this.text], () => this.toggle(), { className: "plain", title: ENTER, ariaLabel: ENTER, onmousedown: keepFocus });
  }

  async toggle() {
    this.set(!this.isOn);
    if (!this.isOn) {
      if (document.fullscreenElement) await document.exitFullscreen();
      return;
    }
    try {
      await document.documentElement.requestFullscreen({ navigationUI: "hide" });
      await navigator.keyboard?.lock?.(["Escape"]); // it is for the node; to hold it down leaves the full screen
    } catch {
      // It takes the window.
    }
  }

  set(isOn) {
    if (isOn === this.isOn) return;
    this.isOn = isOn;
    this.element.classList.toggle("full", isOn);
    this.text.hidden = !isOn;
    set(this.button, { title: isOn ? `${LEAVE} (hold Esc)` : ENTER, "aria-label": isOn ? LEAVE : ENTER });
    if (isOn) document.addEventListener("fullscreenchange", this.leave);
    else document.removeEventListener("fullscreenchange", this.leave);
    this.onChange(isOn);
  }
}

// For the pointer on a button beside a console: the console keeps the focus, so that one goes on typing.
export const keepFocus = (event) => event.preventDefault();

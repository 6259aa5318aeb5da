// The height of the drawer: a bar at its upper edge that is moved by mouse, finger and keys. It is kept for the next time.

import { h } from "../dom.js";

const STORED_AS = "gns3trio.drawer.height";
const LEAST = 120; // pixels
const LEFT_FOR_THE_MAP = 140;
const STEP = 24;

// The height that a key asks for, or undefined.
export function heightAfter(key, height, most) {
  return { ArrowUp: height + STEP, ArrowDown: height - STEP, PageUp: height + 5 * STEP, PageDown: height - 5 * STEP, Home: LEAST, End: most }[key];
}

export const limited = (height, most) => Math.round(Math.max(Math.min(height, most), Math.min(LEAST, most)));

export class DrawerHeight {
  constructor(drawer) {
    this.drawer = drawer;
    this.element = h("div", {
      className: "edge", role: "separator", tabIndex: 0, "aria-orientation": "horizontal", ariaLabel: "Height of the drawer",
      title: "Drag, or use the arrow keys. Double-click for the usual height",
      onpointerdown: (event) => this.grip(event), onkeydown: (event) => this.pressKey(event), ondblclick: () => this.set(null),
    });
    this.set(Number(read()) || null, false);
  }

  get most() {
    const { top } = this.drawer.parentElement.getBoundingClientRect();
    return Math.max(innerHeight - top - LEFT_FOR_THE_MAP, LEAST);
  }

  // Null is the usual height, which is that of the styles.
  set(height, keeps = true) {
    if (height === null) this.drawer.style.removeProperty("--drawer-height");
    else this.drawer.style.setProperty("--drawer-height", `${height}px`);
    if (keeps) store(height);
    this.tell();
  }

  tell() {
    if (!this.drawer.isConnected) return;
    const values = { "aria-valuenow": Math.round(this.drawer.clientHeight), "aria-valuemin": LEAST, "aria-valuemax": Math.round(this.most) };
    for (const [name, value] of Object.entries(values)) this.element.setAttribute(name, value);
  }

  grip(event) {
    if (event.button) return;
    const [from, before] = [event.clientY, this.drawer.offsetHeight];
    this.element.setPointerCapture(event.pointerId);
    this.element.onpointermove = (moved) => this.set(limited(before + from - moved.clientY, this.most), false);
    this.element.onlostpointercapture = () => {
      this.element.onpointermove = this.element.onlostpointercapture = null;
      if (this.drawer.offsetHeight !== before) this.set(this.drawer.offsetHeight);
    };
    event.preventDefault();
    this.element.focus();
  }

  pressKey(event) {
    const height = heightAfter(event.key, this.drawer.offsetHeight, this.most);
    if (height === undefined) return;
    this.set(limited(height, this.most));
    event.preventDefault();
  }
}

// A browser may forbid storage.
function read() {
  try {
    return localStorage.getItem(STORED_AS);
  } catch {
    return null;
  }
}

function store(height) {
  try {
    if (height === null) localStorage.removeItem(STORED_AS);
    else localStorage.setItem(STORED_AS, height);
  } catch {
    // It lasts as long as the page then.
  }
}

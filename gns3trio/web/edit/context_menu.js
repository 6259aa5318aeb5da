// The menu of an object, of several, or of the map: the commands that are for it. It is a menu as screen readers know it: arrow keys move,
// Escape leaves, and the focus goes back to where it was.

import { keysOf } from "../commands.js";
import { h } from "../dom.js";

const MARGIN = 8; // pixels between the menu and the edge of the window

// The place to which a key moves in a menu of so many items, or undefined.
export function nextItem(key, place, count) {
  return { ArrowDown: (place + 1) % count, ArrowUp: (place + count - 1) % count, Home: 0, End: count - 1 }[key];
}

// The place of the next item that begins with a letter, or -1.
export function itemBeginning(letter, titles, place) {
  const order = titles.map((_, number) => (place + 1 + number) % titles.length);
  return order.find((number) => titles[number].toLowerCase().startsWith(letter.toLowerCase())) ?? -1;
}

// Where a menu of a size is, so that it is within the window: right and below of the point, or else left or above of it.
export function placeOf([x, y], [width, height], [windowWidth, windowHeight]) {
  const fit = (at, length, room) => Math.max(MARGIN, at + length + MARGIN <= room ? at : Math.min(at - length, room - length - MARGIN));
  return [fit(x, width, windowWidth), fit(y, height, windowHeight)];
}

// Opens the menu for a target at a point of the window, or one of the commands `shown`. `focused` is what gets the focus when it is closed.
export function openMenu(commands, target, point, { name, focused, shown = commands.at(target.kind, target) }) {
  document.querySelector(".menu")?.hidePopover();
  if (!shown.length) return;
  const items = shown.map((command) => makeItem(command));
  const parts = shown.flatMap((command, place) => (place > 0 && shown[place - 1].group !== command.group ? [h("div", { role: "separator" }), items[place]] : [items[place]]));
  const menu = h("div", { className: "menu", role: "menu", popover: "manual", ariaLabel: name, onkeydown: pressKey, ontoggle: ({ newState }) => newState === "closed" && close() }, parts);
  let chosen = null;

  function makeItem(command) {
    const refusal = commands.refusal(command, target);
    const [key] = keysOf(command);
    const item = h("button", { type: "button", role: "menuitem", tabIndex: -1, className: command.isDangerous ? "danger" : "", title: refusal, onclick: () => choose(command.id, refusal) },
      h("span", {}, commands.title(command, target)), key ? h("kbd", {}, key) : null);
    if (command.isPressed) {
      item.setAttribute("role", "menuitemcheckbox");
      item.setAttribute("aria-checked", Boolean(command.isPressed(target)));
    }
    if (key) item.setAttribute("aria-keyshortcuts", key.replaceAll("Ctrl", "Control"));
    if (refusal) item.setAttribute("aria-disabled", "true");
    return item;
  }

  // What is not possible says why, in its title and as a message, and leaves the menu open.
  function choose(id, refusal) {
    if (refusal) {
      commands.run(id, target);
      return;
    }
    chosen = id;
    menu.hidePopover();
  }

  function pressKey(event) {
    const place = items.indexOf(document.activeElement);
    const titles = items.map((item) => item.firstChild.textContent);
    const next = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey ? itemBeginning(event.key, titles, place) : nextItem(event.key, place, items.length);
    event.stopPropagation(); // these are no keys of the map
    if (event.key === "Tab") menu.hidePopover();
    else if (next === undefined || next < 0) return;
    else items[next].focus();
    event.preventDefault();
  }

  // A popover that closes itself would be closed by lifting the finger whose long press has opened it.
  function dismiss(event) {
    if (event.type === "keydown" ? event.key !== "Escape" : menu.contains(event.target)) return;
    if (event.type === "keydown") {
      event.preventDefault();
      event.stopPropagation();
    }
    menu.hidePopover();
  }

  // The command comes after the focus is back, so that a dialog gives it back to the same place.
  function close() {
    if (menu.contains(document.activeElement) || document.activeElement === document.body) focused?.focus({ preventScroll: true });
    for (const type of ["pointerdown", "keydown"]) document.removeEventListener(type, dismiss, { capture: true });
    menu.remove();
    if (chosen) commands.run(chosen, target);
  }

  document.body.append(menu);
  menu.showPopover();
  for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, dismiss, { capture: true });
  const { width, height } = menu.getBoundingClientRect();
  const [left, top] = placeOf(point, [width, height], [window.innerWidth, window.innerHeight]);
  Object.assign(menu.style, { left: `${left}px`, top: `${top}px` });
  items[0].focus();
}

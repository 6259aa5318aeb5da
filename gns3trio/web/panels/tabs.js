// A panel in tabs, one of which is shown. Arrow keys, Home and End move between the tabs.

import { h } from "../dom.js";

const chosen = new Map(); // by kind of panel: the id of the tab that the user has chosen last
let made = 0;

// The place of the tab that a key goes to, or undefined.
export function nextTab(key, place, count) {
  return { ArrowRight: (place + 1) % count, ArrowLeft: (place + count - 1) % count, Home: 0, End: count - 1 }[key];
}

// `list`: [{ id, title, make, needs }]; `make()` returns the content, when the tab is shown for the first time. The content stays, with all
// that was typed into it. Without the privilege `needs`, its fields cannot be changed; `rights` tells whether the user has it. `kind`:
// panels of the same kind begin with the tab that was chosen last in one of them.
export function tabs(list, { label, kind = null, rights = null } = {}) {
  const number = (made += 1);
  const bar = h("div", { className: "tabs", role: "tablist", ariaLabel: label, onkeydown: pressKey });
  const element = h("div", { className: "tabbed" }, bar);
  const parts = list.map(({ id, title, make, needs }) => {
    const names = [`tab-${number}-${id}`, `tabpanel-${number}-${id}`];
    const tab = h("button", { type: "button", role: "tab", id: names[0], onclick: () => choose(id) }, title);
    tab.setAttribute("aria-controls", names[1]);
    const panel = h("div", { className: "tabpanel", role: "tabpanel", id: names[1], hidden: true });
    panel.setAttribute("aria-labelledby", names[0]);
    bar.append(tab);
    element.append(panel);
    return { id, make, needs, tab, panel, isMade: false };
  });
  let current = null;

  function choose(id) {
    if (kind !== null) chosen.set(kind, id);
    show(id);
  }

  // Shows a tab without changing which one other panels begin with.
  function show(id) {
    current = parts.some((part) => part.id === id) ? id : parts[0].id;
    for (const part of parts) {
      const isShown = part.id === current;
      if (isShown && !part.isMade) {
        part.isMade = true;
        const content = [part.make()].flat(Infinity).filter(Boolean);
        part.panel.append(...(part.needs ? [rights.fence(part.needs, content)] : content));
      }
      part.tab.setAttribute("aria-selected", isShown);
      part.tab.tabIndex = isShown ? 0 : -1;
      part.panel.hidden = !isShown;
    }
  }

  function pressKey(event) {
    const next = nextTab(event.key, parts.findIndex(({ id }) => id === current), parts.length);
    if (next === undefined) return;
    choose(parts[next].id);
    parts[next].tab.focus();
    event.preventDefault();
  }

  show(chosen.get(kind) ?? list[0].id);
  return { element, choose, show, get current() { return current; } };
}

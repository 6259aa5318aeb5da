// Actions of the user: buttons that report errors, and dialogs.

import { h } from "./dom.js";
import { tell } from "./messages.js";

// Buttons whose action runs, and those that cannot be pressed now. They are marked as disabled for everybody, but keep the focus,
// which a disabled button would lose.
const running = new WeakSet();
const refused = new WeakSet();

// By button: why this user may not press it at all, and what happens when it is pressed all the same.
const forbidden = new WeakMap();
const titles = new WeakMap(); // by button: its title when it may be pressed

const mark = (pressed) => {
  if (running.has(pressed) || refused.has(pressed) || forbidden.has(pressed)) pressed.setAttribute("aria-disabled", "true");
  else pressed.removeAttribute("aria-disabled");
};

// Whether a button made by `button` can be pressed now.
export function enable(pressed, isPossible) {
  if (isPossible) refused.delete(pressed);
  else refused.add(pressed);
  mark(pressed);
}

// Tells with a button why the user may not press it; with an empty reason, the user may. Pressing it tells the reason.
export function forbid(pressed, reason, onPressed = () => {}) {
  if (!titles.has(pressed)) titles.set(pressed, pressed.getAttribute("title") ?? "");
  if (reason) forbidden.set(pressed, { reason, onPressed });
  else forbidden.delete(pressed);
  pressed.setAttribute("title", reason || titles.get(pressed));
  mark(pressed);
}

// An event handler that reports errors. Its button cannot be pressed again while it runs.
export function act(action) {
  return async (event) => {
    const pressed = event?.currentTarget instanceof HTMLButtonElement ? event.currentTarget : null;
    if (forbidden.has(pressed)) {
      const { reason, onPressed } = forbidden.get(pressed);
      tell(reason, "warning");
      onPressed();
      return;
    }
    if (pressed && (running.has(pressed) || refused.has(pressed))) return;
    if (pressed) {
      running.add(pressed);
      mark(pressed);
    }
    try {
      await action(event);
    } catch (error) {
      tell(error.message, "error");
    } finally {
      if (pressed) {
        running.delete(pressed);
        mark(pressed);
      }
    }
  };
}

// The action gets no event: what a function that other code calls too takes is its own.
export function button(text, action, options = {}) {
  return h("button", { type: "button", ...options, onclick: act(() => action()) }, text);
}

// Shows a dialog; resolves with the form's values, or null if it was cancelled. What destroys something is in the colour of danger.
// `isReady`: the fields have good values, so that Enter confirms at once.
export function ask(title, fields, confirm, { danger = false, isReady = false } = {}) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { ariaLabel: title },
      h("form", { method: "dialog" }, h("h2", {}, title), fields,
        h("p", { className: "buttons" },
          h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
          h("button", { value: "yes", className: danger ? "primary danger" : "primary" }, confirm))));
    dialog.addEventListener("close", () => {
      const form = dialog.querySelector("form");
      resolve(dialog.returnValue === "yes" ? Object.fromEntries(new FormData(form)) : null);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
    if (isReady) dialog.querySelector("button[value]").focus();
  });
}

export function field(label, name, options = {}) {
  return h("label", { className: "field" }, h("span", {}, label), h("input", { name, required: true, ...options }));
}

// Actions of the user: buttons that report errors, and dialogs.

import { h } from "./dom.js";
import { tell } from "./messages.js";

// An event handler that reports errors. Its button is disabled while it runs.
export function act(action) {
  return async (event) => {
    const pressed = event?.currentTarget instanceof HTMLButtonElement ? event.currentTarget : null;
    if (pressed) pressed.disabled = true;
    try {
      await action(event);
    } catch (error) {
      tell(error.message, "error");
    } finally {
      if (pressed) pressed.disabled = false;
    }
  };
}

export function button(text, action, options = {}) {
  return h("button", { type: "button", ...options, onclick: act(action) }, text);
}

// Shows a dialog; resolves with the form's values, or null if it was cancelled.
export function ask(title, fields, confirm) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { ariaLabel: title },
      h("form", { method: "dialog" }, h("h2", {}, title), fields,
        h("p", { className: "buttons" },
          h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
          h("button", { value: "yes", className: "primary" }, confirm))));
    dialog.addEventListener("close", () => {
      const form = dialog.querySelector("form");
      resolve(dialog.returnValue === "yes" ? Object.fromEntries(new FormData(form)) : null);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export function field(label, name, options = {}) {
  return h("label", { className: "field" }, h("span", {}, label), h("input", { name, required: true, ...options }));
}

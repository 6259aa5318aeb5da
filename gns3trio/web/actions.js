// What somebody does: buttons that show what goes wrong, and questions in a dialog.

import { h } from "./dom.js";
import { tell } from "./messages.js";

// A handler of an event that shows what goes wrong. Its button is disabled meanwhile.
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

// Asks something in a dialog; resolves with the form's values, or null.
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

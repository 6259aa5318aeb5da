// Dialogs with a form that stays open, with all that was typed, until its request has succeeded.

import { h, setText } from "./dom.js";

let forms = 0;

// A field with its label, a place for its error, and perhaps a hint. `control` is an input, select or textarea with a name, or what
// stands for one; `element` is what is shown, if that is more.
export function formField(label, control, hint, element = control) {
  const id = `field-${(forms += 1)}`;
  const error = h("p", { className: "error", id: `${id}-error`, hidden: true });
  const told = hint ? h("p", { className: "hint", id: `${id}-hint` }, hint) : null;
  control.id = id;
  control.setAttribute("aria-describedby", [told?.id, error.id].filter(Boolean).join(" "));
  return { control, error, part: h("div", { className: "field" }, h("label", { htmlFor: id }, label), element, told, error) };
}

// Opens the dialog. `parts` are its elements, `fields` what `formField` has made of those that can have an error; `submit(values)`
// sends the request, and what it throws is shown at the field whose name `fieldOf(message)` tells, as {name, text}, or else below
// all. `showError(message)`, if there is one, shows an error itself, and returns whether it has. Resolves with what `submit` has
// returned, or null if the dialog was cancelled. An error without a message is shown already. With a `refusal`, which says why the user
// may not send it, the form can only be read.
export function openForm({ title, parts, fields, confirm, busy, submit, refusal = "", fieldOf = () => null, showError = () => false }) {
  return new Promise((resolve) => {
    const controls = new Map(fields.map((each) => [each.control.name, each]));
    const problem = h("p", { className: "error", role: "alert", hidden: true });
    const go = h("button", { className: "primary" }, confirm);
    const form = h("form", { method: "dialog", noValidate: true, onsubmit: send },
      h("h2", {}, title), refusal ? [h("p", { className: "hint" }, refusal), h("fieldset", { className: "fence", role: "presentation", disabled: true }, parts)] : parts, problem,
      h("p", { className: "buttons" }, h("button", { type: "button", onclick: () => dialog.close() }, refusal ? "Close" : "Cancel"), refusal ? null : go));
    const dialog = h("dialog", { className: "form", ariaLabel: title }, form);
    let result = null;
    let sending = false;

    function show(message) {
      for (const { control, error } of controls.values()) mark(control, error, "");
      if (message && showError(message)) {
        problem.hidden = true;
        return;
      }
      const found = message ? fieldOf(message) : null;
      const at = found ? controls.get(found.name) : undefined;
      if (at) mark(at.control, at.error, found.text);
      setText(problem, at ? "" : message);
      problem.hidden = Boolean(at) || !message;
      at?.control.focus();
    }

    async function send(event) {
      event.preventDefault();
      if (sending) return;
      const wrong = [...controls.values()].find(({ control }) => !control.disabled && !control.checkValidity());
      show("");
      if (wrong) {
        mark(wrong.control, wrong.error, wrong.control.validationMessage);
        wrong.control.focus();
        return;
      }
      sending = true;
      setText(go, busy);
      go.setAttribute("aria-disabled", "true"); // a disabled button would lose the focus
      try {
        result = await submit(Object.fromEntries(new FormData(form)));
        dialog.close();
      } catch (error) {
        show(error.message);
      } finally {
        sending = false;
        setText(go, confirm);
        go.removeAttribute("aria-disabled");
      }
    }

    dialog.addEventListener("close", () => {
      resolve(result);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// Shows an error at a field, or none if the text is empty.
export function mark(control, error, text) {
  setText(error, text);
  error.hidden = !text;
  if (text) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
}

// The controls of a form, one for each kind of field. Each is {control, element, get(), set(value), focus()}: `control` is what
// the label names, `element` what is shown. Controls of tables and symbols are in modules of their own.

import { h, setText } from "../dom.js";
import { MIXED, bytesOf, isEmpty } from "./values.js";

let lists = 0;

// What a control shows in place of different values.
const DIFFERENT = "different values";

export function simpleControl(field, { names, onChange }) {
  const make = MAKERS[field.control] ?? textControl;
  return make(field, { names, onChange });
}

function textControl(field, { names, onChange }) {
  const input = h("input", { type: "text", autocomplete: "off", spellcheck: false, oninput: onChange });
  const list = suggestionsOf(field, input, names);
  return {
    control: input,
    element: list ? h("span", { className: "with-list" }, input, list) : input,
    get: () => textOf(field, input.value),
    set: (value) => setValue(input, value),
    focus: () => input.focus(),
  };
}

const textOf = (field, text) => (text === "" && field.may_be_null ? null : text);

function setValue(input, value) {
  input.placeholder = value === MIXED ? DIFFERENT : "";
  const text = value === MIXED || isEmpty(value) ? "" : String(value);
  if (input.value !== text) input.value = text;
}

// The texts that are offered, read when they are needed first.
function suggestionsOf(field, input, names) {
  if (!field.suggestions && !field.suggested_by) return null;
  const list = h("datalist", { id: `names-${(lists += 1)}` }, (field.suggestions ?? []).map((value) => h("option", { value })));
  input.setAttribute("list", list.id);
  let asked = false;
  input.addEventListener("focus", async () => {
    if (asked || !field.suggested_by) return;
    asked = true;
    list.append(...(await names(field.suggested_by)).map(({ value, label }) => h("option", { value, label })));
  });
  return list;
}

function numberControl(field, { onChange }) {
  const input = h("input", { type: "number", autocomplete: "off", step: field.is_whole ? "1" : "any", oninput: onChange });
  if (field.minimum !== undefined) input.min = field.minimum;
  if (field.maximum !== undefined) input.max = field.maximum;
  return {
    control: input,
    element: field.unit ? h("span", { className: "with-unit" }, input, h("span", { className: "hint" }, field.unit)) : input,
    get: () => (input.value === "" ? (input.validity.badInput ? NaN : null) : input.valueAsNumber),
    set: (value) => setValue(input, value),
    focus: () => input.focus(),
  };
}

function choiceControl(field, { onChange }) {
  const select = h("select", { onchange: onChange });
  const choices = [...(field.may_be_null ? [{ value: null, label: "default" }] : []), ...field.choices];
  let values = [];
  return {
    control: select,
    element: select,
    get: () => values[select.selectedIndex],
    set(value) {
      const offered = value === MIXED ? [{ value: MIXED, label: DIFFERENT }, ...choices]
        : choices.some((each) => each.value === (value ?? null)) || value === undefined ? choices
          : [...choices, { value, label: value === "" || value === null ? "not set" : String(value) }];
      values = offered.map((each) => each.value);
      select.replaceChildren(...offered.map(({ label }) => h("option", {}, label)));
      select.selectedIndex = Math.max(values.indexOf(value ?? null), 0);
    },
    focus: () => select.focus(),
  };
}

function flagControl(field, { onChange }) {
  const box = h("input", { type: "checkbox", onchange: onChange });
  return {
    control: box,
    element: box,
    get: () => (box.indeterminate ? MIXED : box.checked),
    set(value) {
      box.indeterminate = value === MIXED;
      box.checked = value === true;
    },
    focus: () => box.focus(),
  };
}

function linesControl(field, { onChange }) {
  const area = h("textarea", { rows: 3, spellcheck: false, oninput: onChange });
  const isList = field.control === "list";
  return {
    control: area,
    element: area,
    get: () => (isList ? area.value.split("\n").map((line) => line.trim()).filter(Boolean) : textOf(field, area.value)),
    set: (value) => setValue(area, Array.isArray(value) ? value.join("\n") : value),
    focus: () => area.focus(),
  };
}

// A text editor for a script. It tells how much of its limit is used, and can be opened in a window of its own.
function scriptControl(field, { onChange }) {
  const area = h("textarea", { rows: 8, spellcheck: false, autocapitalize: "off", autocomplete: "off", wrap: "off", className: "code", oninput: change });
  const size = h("span", { className: "hint" });
  const larger = h("button", { type: "button", onclick: () => enlarge() }, "Larger…");
  const place = h("div", {}, area);

  function change() {
    showSize();
    onChange();
  }

  function showSize() {
    const most = field.max_length ? ` of ${field.max_length.toLocaleString("en")}` : "";
    setText(size, `${bytesOf(area.value).toLocaleString("en")}${most} bytes`);
  }

  function enlarge() {
    const dialog = h("dialog", { className: "editor", ariaLabel: field.label }, h("h2", {}, field.label), area,
      h("p", { className: "buttons" }, h("button", { type: "button", className: "primary", onclick: () => dialog.close() }, "Done")));
    dialog.addEventListener("close", () => {
      place.append(area);
      dialog.remove();
      larger.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
    area.focus();
  }

  return {
    control: area,
    element: h("div", {}, place, h("p", { className: "buttons" }, size, larger)),
    get: () => textOf(field, area.value),
    set(value) {
      setValue(area, value);
      showSize();
    },
    focus: () => area.focus(),
  };
}

const MAKERS = { number: numberControl, choice: choiceControl, flag: flagControl, lines: linesControl, list: linesControl, script: scriptControl };

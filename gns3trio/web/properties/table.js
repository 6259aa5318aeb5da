// A table in a form: a row per item, such as a port of a switch. Rows are added and removed, and of numbered ones several are set
// at once.

import { h, setText } from "../dom.js";
import { simpleControl } from "./controls.js";
import { addRows, applies, completed, madeOf, newRow, removeRange, setInRange, shownColumns } from "./rows.js";
import { MIXED, isEmpty } from "./values.js";

// More rows take noticeable time; all are shown on demand.
const SHOWN = 64;
// Rows of more columns are shown in several lines where there is little room.
const MANY_COLUMNS = 4;

export function tableControl(field, { names, onChange, beside = () => "" }) {
  const { columns, key } = field;
  const body = h("tbody");
  const head = h("tr");
  const more = h("button", { type: "button", hidden: true, onclick: () => { most = Infinity; draw(); } });
  const none = h("p", { className: "hint", hidden: true });
  const count = h("input", { type: "number", min: 1, max: 1024, value: 1, ariaLabel: "How many to add" });
  const add = h("button", { type: "button", onclick: () => change(addRows(rows, columns, key, Math.min(Math.max(count.valueAsNumber || 1, 1), 1024)), { last: true }) }, key ? `Add ${columns.find(({ name }) => name === key).label.toLowerCase()}` : "Add row");
  const label = key ? columns.find(({ name }) => name === key).label : "Row";
  const bulk = key ? bulkPart() : null;
  const table = h("table", { ariaLabel: field.label }, h("thead", {}, head), body);
  const wide = h("div", { className: "wide" }, table);
  const element = h("div", { className: "items", role: "group" }, none, wide, more,
    h("p", { className: "buttons" }, add, count), bulk?.element);
  let rows = [];
  let most = SHOWN;
  let cells = []; // of each shown row, the controls by column
  let isMixed = false;

  function change(changed, { last = false } = {}) {
    rows = changed;
    isMixed = false;
    if (last) most = Infinity;
    draw();
    onChange();
    if (last) cells.at(-1)?.values().next().value?.focus();
  }

  function draw() {
    const shown = shownColumns(columns, rows);
    head.replaceChildren(...shown.map((column) => h("th", { scope: "col", title: column.hint ?? "" }, column.label)), h("td"));
    cells = [];
    body.replaceChildren(...rows.slice(0, most).map((row, place) => drawRow(row, place, shown)));
    more.hidden = rows.length <= most;
    setText(more, `Show all ${rows.length.toLocaleString("en")}`);
    none.hidden = rows.length > 0;
    wide.hidden = rows.length === 0;
    element.classList.toggle("many", shown.length > MANY_COLUMNS);
    setText(none, isMixed ? "The nodes have different ones. What is added here replaces them." : "There is none.");
    if (bulk) bulk.element.hidden = rows.length < 2;
  }

  function drawRow(row, place, shown) {
    const name = nameOf(row, place);
    const controls = new Map();
    const parts = shown.map((column) => {
      if (!applies(column, row)) return h("td", {});
      const cell = simpleControl({ ...column, label: `${column.label} of ${name}` }, { names, onChange: () => edit(place, column, cell) });
      cell.set(row[column.name]);
      cell.control.setAttribute("aria-label", `${column.label} of ${name}`);
      if (column.made_of) cell.control.placeholder = madeOf(row, column, place);
      controls.set(column.name, cell);
      const note = column.name === key ? beside(row) : "";
      const part = h("td", { className: note ? "noted" : "" }, cell.element, note ? h("span", { className: "hint", title: note }, note) : null);
      part.dataset.label = column.label;
      return part;
    });
    cells.push(controls);
    return h("tr", {}, parts, h("td", {}, h("button", { type: "button", className: "plain", ariaLabel: `Remove ${name}`, title: "Remove", onclick: () => remove(place) }, "×")));
  }

  const nameOf = (row, place) => `${label.toLowerCase()} ${key && !isEmpty(row[key]) ? row[key] : place + 1}`;

  function edit(place, column, cell) {
    rows[place] = { ...rows[place], [column.name]: cell.get() };
    for (const each of columns) if (each.made_of && cells[place].has(each.name)) cells[place].get(each.name).control.placeholder = madeOf(rows[place], each, place);
    // Another choice may make other columns matter.
    if (columns.some((each) => each.only_if?.column === column.name)) {
      draw();
      cells[place]?.get(column.name)?.focus();
    }
    onChange();
  }

  function remove(place) {
    change(rows.filter((_, at) => at !== place));
    const next = body.rows[Math.min(place, body.rows.length - 1)];
    (next?.querySelector("button") ?? add).focus();
  }

  // Sets or removes several rows: "ports 1-8: access, VLAN 10".
  function bulkPart() {
    const range = h("input", { type: "text", placeholder: "0-7", size: 8, autocomplete: "off", ariaLabel: `${label}s to set, such as 0-7 or 0, 2` });
    const told = h("p", { className: "error", role: "alert", hidden: true });
    const settable = columns.filter((column) => column.is_shown !== false && column.name !== key && !column.made_of);
    const controls = settable.map((column) => {
      const control = simpleControl({ ...column, may_be_null: !column.choices }, { names, onChange: () => {} });
      control.set(column.choices ? MIXED : null);
      if (column.choices) control.control.options[0].textContent = "as it is";
      else control.control.placeholder = "as it is";
      control.control.setAttribute("aria-label", `${column.label} of several`);
      return { column, control };
    });

    function run(action) {
      told.hidden = true;
      try {
        change(action());
      } catch (error) {
        setText(told, error.message);
        told.hidden = false;
        range.focus();
      }
    }

    function values() {
      const set = controls.map(({ column, control }) => [column.name, control.get()]).filter(([, value]) => value !== MIXED && !isEmpty(value));
      if (set.length === 0) throw new Error("Say what to set.");
      return Object.fromEntries(set);
    }

    const set = h("button", { type: "button", onclick: () => run(() => setInRange(rows, key, range.value, values())) }, "Set");
    const clear = h("button", { type: "button", onclick: () => run(() => removeRange(rows, key, range.value)) }, "Remove");
    range.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      set.click();
    });
    return { element: h("details", { className: "bulk" }, h("summary", {}, "Several at once"),
      h("div", { className: "buttons" }, range, controls.map(({ column, control }) => h("label", {}, `${column.label} `, control.element)), set, clear), told) };
  }

  return {
    control: element,
    element,
    get: () => (isMixed ? MIXED : completed(rows, columns)),
    set(value) {
      isMixed = value === MIXED;
      const next = Array.isArray(value) ? value : [];
      // A table that has the focus is not drawn again for the same rows.
      if (!isMixed && rows.length > 0 && JSON.stringify(completed(next, columns)) === JSON.stringify(completed(rows, columns))) return;
      rows = next.map((row) => Object.assign(newRow(columns, [], null), row));
      draw();
    },
    focus: () => (cells[0]?.values().next().value ?? { focus: () => add.focus() }).focus(),
    // Marks the cell that an error is about; returns what the row and column are called.
    mark(row, column) {
      if (row === null || !rows[row]) return "";
      if (row >= most) {
        most = Infinity;
        draw();
      }
      const cell = cells[row].get(column) ?? cells[row].values().next().value;
      cell?.control.setAttribute("aria-invalid", "true");
      cell?.focus();
      const named = columns.find(({ name }) => name === column)?.label;
      return `${nameOf(rows[row], row)}${named ? `, ${named}` : ""}: `;
    },
  };
}

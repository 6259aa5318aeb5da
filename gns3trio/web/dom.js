// Small helpers for building the page.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !(element instanceof SVGElement) && name !== "list") element[name] = value;
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}

// `kind` and the names of the states that hold.
export const classNames = (kind, states) =>
  [kind, ...Object.keys(states).filter((name) => states[name])].join(" ");

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const SHOWN_FOR = 8000;

const MOST_SHOWN = 5;
const shown = []; // {note, message, kind, count, times, timer}

// The same message again only counts on.
export function tell(message, kind = "info") {
  const found = shown.find((each) => each.message === message && each.kind === kind) ?? show(message, kind);
  found.count += 1;
  if (found.count > 1) setText(found.times, `${found.count} times`);
  clearTimeout(found.timer);
  if (kind !== "error") found.timer = setTimeout(() => hide(found), SHOWN_FOR);
}

function show(message, kind) {
  const times = h("span", { className: "hint" });
  const each = { message, kind, times, count: 0 };
  each.note = h("div", { className: `message ${kind}` }, h("span", {}, message), times,
    h("button", { className: "plain", ariaLabel: "Dismiss", onclick: () => hide(each) }, "×"));
  document.getElementById("messages").append(each.note);
  shown.push(each);
  if (shown.length > MOST_SHOWN) hide(shown[0]);
  return each;
}

function hide(each) {
  clearTimeout(each.timer);
  each.note.remove();
  if (shown.includes(each)) shown.splice(shown.indexOf(each), 1);
}

// A handler of an event that shows what goes wrong. Its button is disabled meanwhile.
export function act(action) {
  return async (event) => {
    const button = event?.currentTarget instanceof HTMLButtonElement ? event.currentTarget : null;
    if (button) button.disabled = true;
    try {
      await action(event);
    } catch (error) {
      tell(error.message, "error");
    } finally {
      if (button) button.disabled = false;
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

const RATE_UNITS = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"];

export function formatRate(bits) {
  let unit = 0;
  while (bits >= 1000 && unit < RATE_UNITS.length - 1) {
    bits /= 1000;
    unit += 1;
  }
  return `${bits >= 100 || unit === 0 ? Math.round(bits) : bits.toFixed(1)} ${RATE_UNITS[unit]}`;
}

export const formatMicroseconds = (us) => (us >= 1000 ? `${formatCount(us / 1000)} ms` : `${formatCount(us)} µs`);

export const formatCount = (count) => (count ?? 0).toLocaleString("en");

export const counted = (count, what) => `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;

// Creates elements, and updates those that differ.

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

// The head of a table. A column without a name, such as that of buttons, has no heading.
export const heads = (names) => h("thead", {}, h("tr", {}, names.map((name) => (name ? h("th", { scope: "col" }, name) : h("td")))));

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

// Replaces what is in an element. What has the focus and stays keeps it; if a link has it, the new link to the same place has it then.
export function refill(element, ...children) {
  const active = element.contains(document.activeElement) ? document.activeElement : null;
  const focused = active?.getAttribute("href") ?? null;
  element.replaceChildren(...children);
  if (active && element.contains(active)) active.focus({ preventScroll: true });
  else if (focused !== null) [...element.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
}

// As much of a browser's document as modules need that make elements: a tree with attributes, properties and events.
//
// It is for what such a module decides: the order of layers, which tab is shown, when a button is disabled. How something looks and
// works in a browser is shown by tests/browser.

class SmallElement extends EventTarget {
  constructor(tag) {
    super();
    Object.assign(this, { tag, childNodes: [], parentNode: null, attributes: new Map(), className: "", hidden: false, disabled: false });
    const classes = new Set();
    this.classList = { toggle: (name, isOn) => (isOn ? classes.add(name) : classes.delete(name)), contains: (name) => classes.has(name) };
    const styles = new Map();
    this.style = { setProperty: (name, value) => styles.set(name, String(value)), getPropertyValue: (name) => styles.get(name) ?? "", removeProperty: (name) => styles.delete(name) };
  }

  get children() {
    return this.childNodes.filter((child) => child instanceof SmallElement);
  }

  get textContent() {
    return this.childNodes.map((child) => child.textContent ?? child).join("");
  }

  set textContent(text) {
    this.replaceChildren(text);
  }

  append(...added) {
    for (const child of added) this.insertBefore(child, null);
  }

  insertBefore(child, next) {
    if (child instanceof SmallElement) {
      child.remove();
      child.parentNode = this;
    }
    this.childNodes.splice(next ? this.childNodes.indexOf(next) : this.childNodes.length, 0, child instanceof SmallElement ? child : String(child));
  }

  replaceChildren(...added) {
    for (const child of this.children) child.remove();
    this.childNodes = [];
    this.append(...added);
  }

  remove() {
    const siblings = this.parentNode?.childNodes;
    siblings?.splice(siblings.indexOf(this), 1);
    this.parentNode = null;
  }

  setAttribute(name, value) {
    this.attributes.set(name, String(value));
  }

  removeAttribute(name) {
    this.attributes.delete(name);
  }

  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }

  // All elements below it with this tag.
  all(tag) {
    return this.children.flatMap((child) => [...(child.tag === tag ? [child] : []), ...child.all(tag)]);
  }

  contains(other) {
    return other === this || this.children.some((child) => child.contains(other));
  }

  focus() {
    document.activeElement = this;
  }

  click() {
    if (!this.disabled) this.dispatchEvent(new Event("click"));
  }
}

class SmallButton extends SmallElement {}
class SmallSvg extends SmallElement {}

class SmallField extends SmallElement {
  name = "";
  value = "";
  checked = false;
}

const KINDS = { button: SmallButton, input: SmallField, progress: SmallField };

// Puts a new document with the page's places for messages where modules look for it.
export function openDocument() {
  const named = Object.fromEntries(["messages", "connection"].map((id) => [id, new SmallElement("div")]));
  Object.assign(globalThis, {
    HTMLButtonElement: SmallButton,
    SVGElement: SmallSvg,
    document: {
      createElement: (tag) => new (KINDS[tag] ?? SmallElement)(tag),
      createElementNS: (_namespace, tag) => new SmallSvg(tag),
      getElementById: (id) => named[id],
    },
  });
  return named;
}

// What is selected on the map: ids of nodes, links, drawings, or of one group of a large lab.

export class Selection {
  // `onChange(ids)` gets those that are selected now and were not, or the other way round.
  constructor(onChange = () => {}) {
    this.onChange = onChange;
    this.ids = new Set();
    this.isLed = false; // several are selected, and the first of them is looked at
  }

  get first() {
    return this.ids.values().next().value ?? null;
  }

  get size() {
    return this.ids.size;
  }

  has(id) {
    return this.ids.has(id);
  }

  [Symbol.iterator]() {
    return this.ids.values();
  }

  // Selects these and no others. With `isLed`, the first of them is the one whose details are shown.
  replace(ids, { isLed = false } = {}) {
    const before = this.ids;
    this.ids = new Set(ids);
    this.isLed = isLed;
    this.tell(before);
  }

  add(ids) {
    this.replace([...this.ids, ...ids]);
  }

  // Selects what is not selected of these, or else deselects it.
  toggle(...ids) {
    const next = new Set(this.ids);
    for (const id of ids) if (!next.delete(id)) next.add(id);
    this.replace(next);
  }

  // Drops what does not exist any more. Returns whether that was something.
  prune(exists) {
    const left = [...this.ids].filter(exists);
    if (left.length === this.ids.size) return false;
    this.replace(left);
    return true;
  }

  clear() {
    this.replace([]);
  }

  tell(before) {
    const changed = new Set([...before].filter((id) => !this.ids.has(id)));
    for (const id of this.ids) if (!before.has(id)) changed.add(id);
    this.onChange(changed);
  }
}

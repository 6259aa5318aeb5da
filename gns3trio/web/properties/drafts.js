// What was typed into forms and is not saved yet. It is kept when the form is closed, and over a reload of the page.

const LARGEST = 512 * 1024; // letters: a start-up script has half of that
const MOST = 50;

export class Drafts {
  // `storage` is the session's; `name` that of the lab.
  constructor(storage, name) {
    this.storage = storage;
    this.key = `gns3trio.drafts.${name}`;
    this.all = new Map(read(storage, this.key));
  }

  get(id) {
    return this.all.get(id) ?? null;
  }

  // Keeps the values, by the names of their fields; forgets the draft if there are none.
  keep(id, values) {
    this.all.delete(id);
    if (Object.keys(values).length > 0) this.all.set(id, values);
    while (this.all.size > MOST) this.all.delete(this.all.keys().next().value);
    this.store();
  }

  store() {
    const texts = [];
    let size = 2;
    for (const draft of [...this.all].toReversed()) { // the newest first; older ones are kept until the page is left
      const text = JSON.stringify(draft);
      size += text.length + 1;
      if (size > LARGEST) break;
      texts.unshift(text);
    }
    try {
      this.storage.removeItem(this.key); // if there is no room, what is there is older
      if (texts.length > 0) this.storage.setItem(this.key, `[${texts.join(",")}]`);
    } catch {
      // The storage is full or forbidden: the drafts are kept until the page is left.
    }
  }
}

function read(storage, key) {
  try {
    const found = JSON.parse(storage.getItem(key) ?? "[]");
    return Array.isArray(found) ? found.filter((each) => Array.isArray(each) && each.length === 2) : [];
  } catch {
    return [];
  }
}

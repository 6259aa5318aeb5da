// The changes of a lab in the storage of the browser, so that they can be undone after a reload.
//
// Beside them is the change that is being made: if the page is left meanwhile, it is found there, and is neither half done without a
// word nor forgotten.

// So many changes are kept, of so many characters as JSON together.
const [MOST, MOST_CHARACTERS] = [200, 1_000_000];

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const METHODS = new Set(["POST", "PUT", "DELETE"]);
const isRequest = (each) => isObject(each) && METHODS.has(each.method) && typeof each.path === "string" && each.path.startsWith("/v2/projects/");
const isState = (each) => isObject(each) && typeof each.path === "string";
const areAll = (list, isRight) => Array.isArray(list) && list.every(isRight);
const isChange = (each) => isObject(each) && typeof each.text === "string" && areAll(each.redo, isRequest) && areAll(each.undo, isRequest) && areAll(each.states, isState);

export class KeptChanges {
  // `key` is the name in the storage, which is null if the browser has none.
  constructor(storage, key) {
    Object.assign(this, { storage, key, begunKey: `${key} begun` });
  }

  // {done, undone, begun}: `begun` is what was being done when the page was left, as {list, change}, or null.
  read() {
    const { done, undone } = this.parsed(this.key) ?? {};
    const begun = this.parsed(this.begunKey);
    const isBegun = isObject(begun) && ["make", "undo", "redo"].includes(begun.list) && (begun.list !== "make" || isChange(begun.change));
    return { done: areAll(done, isChange) ? done : [], undone: areAll(undone, isChange) ? undone : [], begun: isBegun ? begun : null };
  }

  parsed(key) {
    try {
      const read = JSON.parse(this.storage?.getItem(key) ?? "null");
      return isObject(read) ? read : null;
    } catch {
      return null; // of another version of the page, or the browser keeps nothing
    }
  }

  // Drops the oldest ones if they are too many, and stores the others. Returns whether they will be there after a reload.
  keep(done, undone) {
    const oldest = () => (done.length > 1 || !undone.length ? done : undone);
    while (done.length + undone.length > MOST) oldest().shift();
    const sizes = new Map([...done, ...undone].map((change) => [change, JSON.stringify(change).length + 1]));
    let size = [...sizes.values()].reduce((sum, each) => sum + each, 40);
    while (size > MOST_CHARACTERS && done.length + undone.length > 1) size -= sizes.get(oldest().shift());
    return this.store(this.key, { done, undone });
  }

  // `list`: "make" with the change, "undo" or "redo" of the last one.
  begin(list, change = null) {
    this.store(this.begunKey, { list, change });
  }

  end() {
    this.drop(this.begunKey);
  }

  store(key, value) {
    try {
      this.storage?.setItem(key, JSON.stringify(value));
      return this.storage !== null && this.storage !== undefined;
    } catch {
      this.drop(key); // no room: what is there is older, and would be wrong after a reload
      return false;
    }
  }

  drop(key) {
    try {
      this.storage?.removeItem(key);
    } catch {
      // The browser forbids storage.
    }
  }
}

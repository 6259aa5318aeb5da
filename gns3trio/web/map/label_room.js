// Room for the texts of the map: those beside wires cover neither each other nor symbols, names of nodes and notes. Who comes later gives
// way, and tries again when something near it has gone. A change costs the same in a lab of any size.
//
// A box is [left, top, right, bottom] in the lab. An owner, an id, has the boxes of all its texts.

const CELL = 64; // boxes are found by the cells of a grid
// A larger box keeps nothing away. Labs may come from anybody.
const MOST_CELLS = 600;
// Where so many boxes are in a cell, there is room for no more; and so many owners are told that there is room again.
const [MOST_BOXES, MOST_TOLD] = [48, 16];

export class LabelRoom {
  // `onRoom(owner)` is called when there may be room for a text that has had no place, or not its best form.
  constructor(onRoom) {
    this.onRoom = onRoom;
    this.clear();
  }

  clear() {
    this.cells = new Map(); // by key: the boxes in it, and the owners that wait for room there
    this.owners = new Map(); // by id: {boxes, waits}
  }

  // Gives an owner new boxes. Each of `wanted` is a list of places for a text, the best first: {box, rank}, with rank 0 for the best form
  // of the text, 1 for a shorter one, and so on; where it was before is better than other places of the same rank. Returns for each the
  // place that is free, or null. A place with `isFixed` is taken whatever lies there.
  place(owner, wanted) {
    const before = this.owners.get(owner);
    if (!before && !wanted.length) return [];
    for (const box of before?.boxes ?? []) this.forget(box);
    for (const cell of before?.waits ?? []) cell.waiting.delete(owner);
    const had = new Set(before?.boxes.map(String));
    const [boxes, waits] = [[], []];
    const chosen = wanted.map((places) => {
      const inOrder = had.size ? places.toSorted((one, other) => one.rank - other.rank || had.has(String(other.box)) - had.has(String(one.box))) : places;
      const found = inOrder.find(({ box, isFixed }) => isFixed || this.isFree(box)) ?? null;
      if (found) boxes.push(this.keep([...found.box]));
      if (found?.rank !== 0 && places.length) waits.push(...this.cellsOf(places[0].box));
      return found;
    });
    for (const cell of waits) cell.waiting.add(owner);
    if (boxes.length || waits.length) this.owners.set(owner, { boxes, waits });
    else this.owners.delete(owner);
    const has = new Set(boxes.map(String));
    for (const box of before?.boxes ?? []) if (!has.has(String(box))) this.tell(box, owner);
    return chosen;
  }

  release(owner) {
    this.place(owner, []);
  }

  isFree(box) {
    const [left, top, right, bottom] = box;
    return this.cellsOf(box).every(({ boxes }) => {
      if (boxes.size >= MOST_BOXES) return false;
      for (const other of boxes) if (left < other[2] && right > other[0] && top < other[3] && bottom > other[1]) return false;
      return true;
    });
  }

  keep(box) {
    for (const { boxes } of this.cellsOf(box)) if (boxes.size < MOST_BOXES) boxes.add(box);
    return box;
  }

  forget(box) {
    for (const { boxes } of this.cellsOf(box)) boxes.delete(box);
  }

  tell(box, owner) {
    const told = new Set();
    for (const { waiting } of this.cellsOf(box)) {
      for (const other of waiting) {
        if (told.size < MOST_TOLD && other !== owner) told.add(other);
      }
    }
    for (const other of told) this.onRoom(other);
  }

  cellsOf([left, top, right, bottom]) {
    const [first, last] = [Math.floor(left / CELL), Math.floor(right / CELL)];
    const [highest, lowest] = [Math.floor(top / CELL), Math.floor(bottom / CELL)];
    const found = [];
    if (!((last - first + 1) * (lowest - highest + 1) <= MOST_CELLS)) return found; // also if these are no numbers
    for (let column = first; column <= last; column += 1) {
      for (let row = highest; row <= lowest; row += 1) {
        const key = `${column} ${row}`;
        if (!this.cells.has(key)) this.cells.set(key, { boxes: new Set(), waiting: new Set() });
        found.push(this.cells.get(key));
      }
    }
    return found;
  }
}

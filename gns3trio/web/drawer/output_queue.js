// The output of a console on its way to the terminal. A node may print faster than a browser shows: what waits has a limit, and
// what is older is left out, so that the page stays usable and shows what the node prints now.

const MOST_WAITING = 1 << 20; // bytes
// The terminal pauses between pieces, so that the page can do other work. A few wait in it.
const PIECE = 1 << 13;
const MOST_WRITTEN = 1 << 17;

export class OutputQueue {
  // `write(bytes, done)` shows bytes and calls `done` when they are shown.
  constructor(write, most = MOST_WAITING) {
    Object.assign(this, { write, most });
    this.waiting = []; // from `first` on
    this.first = 0;
    this.size = 0;
    this.written = 0; // bytes that are not shown yet
    this.leftOut = 0;
  }

  push(bytes) {
    if (!bytes.length) return;
    this.waiting.push(bytes);
    this.size += bytes.length;
    if (this.size > this.most) this.leaveOut();
    this.showNext();
  }

  // Half of the limit stays, so that this happens seldom.
  leaveOut() {
    const before = this.size;
    while (this.size > this.most / 2) {
      const first = this.waiting[this.first];
      this.drop(Math.min(this.size - this.most / 2, first.length));
    }
    this.leftOut += before - this.size;
  }

  showNext() {
    while (this.written < MOST_WRITTEN && (this.size || this.leftOut)) {
      const piece = this.leftOut ? this.notice() : this.takePiece();
      this.written += piece.length;
      this.write(piece, () => {
        this.written -= piece.length;
        this.showNext();
      });
    }
  }

  // The first byte ends a control sequence that was cut in two.
  notice() {
    const text = `\x18\x1b[0m\r\n\x1b[33m[${Math.ceil(this.leftOut / 1024).toLocaleString("en")} KiB were left out: the node prints faster than this page shows]\x1b[0m\r\n`;
    this.leftOut = 0;
    return new TextEncoder().encode(text);
  }

  takePiece() {
    const piece = this.waiting[this.first].subarray(0, PIECE);
    this.drop(piece.length);
    return piece;
  }

  // Drops so many bytes of the first of what waits. A node may print a million of single bytes, so the list is made shorter seldom.
  drop(count) {
    const first = this.waiting[this.first];
    this.size -= count;
    if (count < first.length) {
      this.waiting[this.first] = first.subarray(count);
      return;
    }
    this.first += 1;
    if (2 * this.first < this.waiting.length) return;
    this.waiting = this.waiting.slice(this.first);
    this.first = 0;
  }
}

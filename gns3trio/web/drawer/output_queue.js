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
    this.waiting = [];
    this.size = 0;
    this.written = 0; // bytes that are not shown yet
    this.leftOut = 0;
  }

  push(bytes) {
    this.waiting.push(bytes);
    this.size += bytes.length;
    if (this.size > this.most) this.leaveOut();
    this.showNext();
  }

  // Half of the limit stays, so that this happens seldom.
  leaveOut() {
    const before = this.size;
    while (this.size > this.most / 2) {
      const first = this.waiting.shift();
      const rest = first.subarray(Math.min(this.size - this.most / 2, first.length));
      this.size -= first.length - rest.length;
      if (rest.length) this.waiting.unshift(rest);
    }
    this.leftOut += before - this.size;
  }

  showNext() {
    while (this.written < MOST_WRITTEN && (this.waiting.length || this.leftOut)) {
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
    const first = this.waiting.shift();
    const piece = first.subarray(0, PIECE);
    if (piece.length < first.length) this.waiting.unshift(first.subarray(PIECE));
    this.size -= piece.length;
    return piece;
  }
}

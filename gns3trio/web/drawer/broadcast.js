// Typing into several consoles at once: which of them, and what is passed on.

export class Broadcast {
  constructor() {
    this.members = new Set(); // ids of tabs
  }

  // Whether what is typed into one goes to others, too.
  get isOn() {
    return this.members.size > 1;
  }

  toggle(id) {
    if (!this.members.delete(id)) this.members.add(id);
  }

  // Where that goes which a terminal sends.
  targets(from, text) {
    return this.isOn && this.members.has(from) && isTyped(text) ? [...this.members] : [from];
  }
}

// A terminal also sends what nobody has typed: the answers to questions of the node (ECMA-48 and the control sequences of xterm:
// DA, DSR, DECRQM, DECRQSS, colours), the movements of the mouse, and that it has got the focus. These are for its own node only.
const ESCAPE = "\x1b";
const ANSWER = /^(?:\[[?>=]?[\d;]*(?:[cntx]|\$y)|\[\??\d+;\d+R|\[[IO]|\[<[\d;]+[Mm]|\[M[^]{3}|P[^]*|\][^]*)$/;

export const isTyped = (text) => !text.startsWith(ESCAPE) || !ANSWER.test(text.slice(1));

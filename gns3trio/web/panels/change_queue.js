// Changes of fields on their way to the server. A slider moves faster than the server answers: there is one request at a time,
// a few in a second, and at last one with the newest values.

const SEND_EVERY_MS = 250;

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

export class ChangeQueue {
  // `send` takes the changes, values by key, and resolves when the server has them.
  constructor(send) {
    this.send = send;
    this.wanted = new Map(); // what is to be sent
    this.sent = new Map(); // what is being sent
    this.refused = new Set(); // keys of what the server did not take: it stays in its field, to be mended
    this.sending = false;
  }

  // Resolves when everything was sent, or at once if something is being sent already. Throws what the last refused `send` threw.
  async change(key, value) {
    this.refused.delete(key);
    this.wanted.set(key, value);
    if (this.sending) return;
    this.sending = true;
    let failure;
    while (this.wanted.size) {
      const changes = this.wanted;
      this.sent = changes;
      this.wanted = new Map();
      try {
        await Promise.all([this.send(changes), pause(SEND_EVERY_MS)]);
      } catch (error) {
        failure = error;
        for (const refused of changes.keys()) if (!this.wanted.has(refused)) this.refused.add(refused);
      }
    }
    this.sent = new Map();
    this.sending = false;
    if (failure) throw failure;
  }

  // Whether the field shows what the server does not have.
  holds(key) {
    return [this.refused, this.wanted, this.sent].some((keys) => keys.has(key));
  }

  // Forgets what was not sent yet.
  clear() {
    this.wanted.clear();
    this.refused.clear();
  }
}

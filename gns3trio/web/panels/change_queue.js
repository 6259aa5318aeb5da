// Sends changes of fields to the server. A slider moves faster than the server answers, so there is one request at a time,
// a few per second, and the last one has the newest values.

const SEND_EVERY_MS = 250;

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

export class ChangeQueue {
  // `send` takes the changes, values by key, and resolves when the server has them.
  constructor(send) {
    this.send = send;
    this.wanted = new Map(); // values to send
    this.sent = new Map(); // values being sent
    this.refused = new Set(); // keys of values that the server rejected: they stay in their fields, to be corrected
    this.sending = false;
  }

  // Resolves when everything is sent, or at once if a request is running already. Throws the error of the last rejected `send`.
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

  // Whether the field shows a value that the server does not have.
  holds(key) {
    return [this.refused, this.wanted, this.sent].some((keys) => keys.has(key));
  }

  // Drops the values that were not sent yet.
  clear() {
    this.wanted.clear();
    this.refused.clear();
  }
}

// Decides when a connection to a console that has ended is made again. It makes none itself.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;
// A connection that lasts so long works: the next wait is short again.
const STABLE_MS = 5000;
// The reason in the close frame after a user has typed "disconnect" in VPCS.
const SAID_GOODBYE = "the client said good-bye";

export class Reconnect {
  // `connect` begins a connection, whose owner calls opened() and ended(). `isRunning` tells whether the node runs, as far as is
  // known here; whoever knows more calls nodeChanged(). `onState` gets {kind, seconds, reason}; the kinds are:
  // connecting; open; stopped: it waits for the node; waiting: it tries again after `seconds`; left: the user has left the console,
  // and only now() connects again; refused: the user may not use it, and only now() tries again; closed: for good.
  // `whyRefused()` resolves with why the user may not use it, or "": a browser does not tell why no connection was made.
  constructor({ connect, isRunning, onState, whyRefused = null, random = Math.random }) {
    Object.assign(this, { connect, isRunning, onState, whyRefused, random });
    this.state = { kind: "new" };
    this.wait = FIRST_WAIT_MS;
    this.wasRunning = isRunning();
  }

  start() {
    if (this.isRunning()) this.now();
    else this.show({ kind: "stopped" });
  }

  // Connects at once, unless there is a connection.
  now() {
    if (["connecting", "open", "closed"].includes(this.state.kind)) return;
    clearTimeout(this.timer);
    this.show({ kind: "connecting" });
    this.connect();
  }

  opened() {
    if (this.state.kind !== "connecting") return;
    this.timer = setTimeout(() => { this.wait = FIRST_WAIT_MS; }, STABLE_MS);
    this.show({ kind: "open" });
  }

  // The connection has ended, or was never made. `reason` is what the server says of it.
  ended(reason = "") {
    if (!["connecting", "open"].includes(this.state.kind)) return;
    clearTimeout(this.timer);
    if (reason === SAID_GOODBYE) this.show({ kind: "left", reason });
    else if (!this.isRunning()) this.show({ kind: "stopped", reason });
    else if (this.whyRefused && this.state.kind === "connecting") this.askWhy(reason);
    else this.tryLater(reason);
  }

  async askWhy(reason) {
    let why = "";
    try {
      why = await this.whyRefused();
    } catch {
      // The server does not answer now.
    }
    if (this.state.kind !== "connecting") return; // it was closed meanwhile
    if (why) this.show({ kind: "refused", reason: why });
    else this.tryLater(reason);
  }

  // After a server has restarted, many pages come back: each waits for another time.
  tryLater(reason) {
    const wait = this.wait * (0.5 + this.random() / 2);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
    this.timer = setTimeout(() => this.now(), wait);
    this.show({ kind: "waiting", seconds: wait / 1000, reason });
  }

  nodeChanged() {
    const runs = this.isRunning();
    const begins = runs && !this.wasRunning;
    this.wasRunning = runs;
    if (begins) this.wait = FIRST_WAIT_MS;
    if (begins && ["stopped", "waiting"].includes(this.state.kind)) this.now();
    if (!runs && this.state.kind === "waiting") {
      clearTimeout(this.timer);
      this.show({ kind: "stopped" });
    }
  }

  close() {
    clearTimeout(this.timer);
    this.show({ kind: "closed" });
  }

  show(state) {
    this.state = state;
    this.onState(state);
  }
}

// What a user reads of a state. `name` is that of the node.
export function describeState(name, { kind, seconds, reason }) {
  if (kind === "connecting") return "Connecting…";
  if (kind === "stopped") return `${name} is not running. The console opens when it starts.`;
  if (kind === "left") return "You left the console.";
  if (kind === "refused") return reason;
  if (kind === "waiting") return `${sentence(reason) || "The connection was lost."} Trying again in ${Math.max(Math.ceil(seconds), 1)} s.`;
  return "";
}

const sentence = (text) => (text ? `${text[0].toUpperCase()}${text.slice(1)}.` : "");

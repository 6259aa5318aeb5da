// The hosts that run nodes (GNS3 calls them computes), kept up to date by events.

import { EventStream, get } from "../api.js";

// The id of the server that this page came from.
export const LOCAL = "local";

export class Hosts {
  // `onState(ids)` is told the hosts that came, went, became reachable or unreachable, or got another name or address;
  // `onLoad(id)` that the load of a host was told.
  constructor({ onState = () => {}, onLoad = () => {} } = {}) {
    Object.assign(this, { onState, onLoad });
    this.computes = new Map(); // by id, in the server's order: that of this server first; empty until they are known
    this.places = new Map(); // by id, the place in that order
  }

  async load() {
    const before = this.computes;
    this.computes = new Map((await get("/v2/computes")).map((each) => [each.compute_id, each]));
    this.number();
    const ids = [...before.keys(), ...this.computes.keys()];
    const changed = new Set(ids.filter((id) => !isSame(before.get(id), this.computes.get(id))));
    if (changed.size) this.onState(changed);
  }

  apply(action, event) {
    const [kind, what] = action.split(".");
    if (kind !== "compute") return;
    const id = event.compute_id;
    const before = this.computes.get(id);
    if (what === "deleted") this.computes.delete(id);
    else this.computes.set(id, event);
    if (!before || what === "deleted") this.number();
    if (!isSame(before, this.computes.get(id))) this.onState(new Set([id]));
    else this.onLoad(id);
  }

  number() {
    this.places = new Map([...this.computes.keys()].map((id, place) => [id, place]));
  }

  // Follows the events of the server, and calls the functions of `also` for them too.
  follow({ onEvent = () => {}, onReload = () => {}, onConnection = () => {}, onError } = {}) {
    return new EventStream({
      only: "server",
      onEvent: (action, event) => {
        this.apply(action, event);
        onEvent(action, event);
      },
      onReload: async () => {
        await this.load();
        await onReload();
      },
      onConnection,
      onError,
    });
  }

  get several() {
    return this.computes.size > 1;
  }

  nameOf(id) {
    const name = this.computes.get(id)?.name ?? id;
    return id === LOCAL ? `${name} (this server)` : name;
  }

  // Why nodes of a host cannot be reached; null if they can.
  whyAway(id) {
    const compute = this.computes.get(id);
    if (id === LOCAL || compute?.connected || !this.computes.size) return null;
    return compute ? (compute.last_error ?? "it was not tried yet") : "this server does not know it";
  }

  // The hosts on which a node of a type can be now.
  offering(nodeType) {
    return [...this.computes.values()].filter((each) => each.connected && each.capabilities.node_types.includes(nodeType));
  }

  // The hue of a host in degrees. Hosts that follow each other have hues that are far apart.
  hueOf(id) {
    return Math.round(GOLDEN_ANGLE * (this.places.get(id) ?? 0)) % 360;
  }
}

const GOLDEN_ANGLE = 137.508;
const STATE = ["name", "protocol", "host", "port", "user", "connected", "last_error"];

// Whether two states of a host differ in their load alone.
function isSame(one, other) {
  return one === other || Boolean(one && other && STATE.every((name) => one[name] === other[name]) && one.capabilities.version === other.capabilities.version);
}

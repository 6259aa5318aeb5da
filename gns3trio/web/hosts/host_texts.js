// What is said of hosts: addresses, versions, states, and what is lost when one is removed. Makes no elements.

import { counted, formatCount, formatRate, formatTime } from "../format.js";

export const DEFAULT_PORT = 3080;
const MOST_NAMED = 5;

export function addressOf({ protocol, host, port }) {
  return `${protocol}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

// An address that a user has written whole, such as https://attic:3080/, in its parts; null if it is only the name of a host.
export function splitAddress(text) {
  const written = text.trim();
  if (!/^https?:\/\//i.test(written)) return null;
  let url = null;
  try {
    url = new URL(written);
  } catch {
    return null;
  }
  return { protocol: url.protocol.slice(0, -1), host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port) || DEFAULT_PORT };
}

// "connected", "away", or "to be confirmed" for a host that only a project's file has named.
export function stateOf(compute, told) {
  if (compute.connected) return "connected";
  return told && !told.confirmed ? "to be confirmed" : "away";
}

// The version of GNS3 that a host speaks, and what it is.
export function versionOf(compute, told) {
  const gns3 = compute.capabilities.version;
  if (told?.own_version === null || told?.own_version === undefined) return gns3 ? `gns3-server ${gns3}` : "";
  const own = `gns3trio ${told.own_version}`.trim();
  return gns3 ? `${own} (as GNS3 ${gns3})` : own;
}

export const percent = (value) => (value === null || value === undefined ? "" : `${Math.round(value)} %`);

export const nodesText = ({ total, started }) => (total ? `${formatCount(started)} of ${formatCount(total)}` : "0");

// The message of an error without the name of the host, which is shown beside it.
export const reasonOf = (message) => (message ?? "").replace(/^compute '[^']*' cannot be reached: /, "");

// What happens when a host is removed. `projects` are the open ones with nodes there.
export function lossText({ nodes, projects }) {
  if (!nodes.total) return "No open project has nodes there. Closed projects that do keep them in their files, but cannot run them.";
  const named = projects.slice(0, MOST_NAMED).map(({ name, total }) => `${name} (${counted(total, "node")})`);
  const more = projects.length - named.length;
  if (more) named.push(`${formatCount(more)} more`);
  const [close, their] = projects.length === 1 ? ["This project is closed", "its"] : [`These ${projects.length} projects are closed`, "their"];
  return `${named.join(", ")}. ${close}, and all of ${their} nodes stop. The nodes there stay in the files of the projects, but cannot run before the host is added again.`;
}

// The field that an error of the server is about ("port: 0 is less than 1"), and what it says of it. Null for another error.
export function fieldError(message, names) {
  const found = /^(\w+): (.*)$/s.exec(message);
  return found && names.includes(found[1]) ? { name: found[1], text: found[2] } : null;
}

// The way to another host over the trunk in a few words: "310 µs, 0 % lost", or why there is none.
export function trunkText(peer) {
  if (!peer) return "";
  if (peer.state !== "up") return peer.state;
  return [roundTrip(peer), keepalivesLost(peer)].filter(Boolean).join(", ");
}

export const roundTrip = ({ round_trip_ms: ms }) => (ms === null ? "" : formatTime(1000 * ms));

const lossPercent = ({ loss_percent: lost }) => `${lost.toLocaleString("en", { maximumSignificantDigits: 2 })} %`;

const keepalivesLost = (peer) => `${lossPercent(peer)} lost`;

// What is known of a trunk, as names and values.
export function trunkFacts(peer) {
  const { mtu, largest_frame: largest, links, sentRate, receivedRate, fragmented_frames: split } = peer;
  return [
    ["Round trip", roundTrip(peer) || "not known yet"],
    ["Loss", lossPercent(peer)],
    ["MTU", mtu === null ? "not known yet" : `${formatCount(mtu)} bytes: frames up to ${formatCount(largest)} bytes are not split`],
    ["Split", split ? counted(split, "frame") : null],
    ["Links", formatCount(links)],
    ["Rate", sentRate === null ? null : `${formatRate(sentRate)} sent, ${formatRate(receivedRate)} received`],
  ];
}

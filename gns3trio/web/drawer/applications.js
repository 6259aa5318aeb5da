// Reads the beginning of what UDP carries: DHCP (RFC 2131, 2132) and DNS (RFC 1035).

import { number16 } from "./headers.js";
import { DHCP, RECORDS } from "./packet_names.js";

const OPTIONS_AT = 240;
const MESSAGE_TYPE = 53;
const [PAD, END] = [0, 255];

// The options of a DHCP message: [number, at, end] of the values.
export function dhcpOptions(frame, at, end) {
  const options = [];
  let place = at + OPTIONS_AT;
  while (place + 1 < end && frame[place] !== END) {
    if (frame[place] === PAD) {
      place += 1;
      continue;
    }
    const begin = place + 2;
    options.push([frame[place], begin, Math.min(begin + frame[place + 1], end)]);
    place = begin + frame[place + 1];
  }
  return options;
}

// What a DHCP message is; undefined if it does not tell.
export function dhcpType(frame, at, end) {
  const [, place, until] = dhcpOptions(frame, at, end).find(([number]) => number === MESSAGE_TYPE) ?? [];
  return place < until ? (DHCP.get(frame[place]) ?? `type ${frame[place]}`) : undefined;
}

const MOST_LABELS = 128;

// The first question of a DNS message: "query A example.com"; undefined if there is none.
export function dnsQuestion(frame, at, end) {
  if (number16(frame, at + 4) === 0) return undefined;
  const labels = [];
  let place = at + 12;
  while (place < end && frame[place] > 0 && frame[place] < 64 && labels.length < MOST_LABELS) {
    labels.push(plain(frame.slice(place + 1, Math.min(place + 1 + frame[place], end))));
    place += 1 + frame[place];
  }
  if (place + 2 >= end) return undefined;
  const type = number16(frame, place + 1);
  const isReply = (frame[at + 2] & 0x80) !== 0;
  return `${isReply ? "reply" : "query"} ${RECORDS.get(type) ?? `type ${type}`} ${labels.join(".") || "."}`;
}

// What cannot be shown is a dot.
export const plain = (bytes) => [...bytes].map((byte) => (byte > 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");

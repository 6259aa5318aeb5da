// What a user writes to see some packets only: words and fields, all of which must match.

const FIELDS = {
  __proto__: null,
  src: (told, value) => told.source.toLowerCase().includes(value),
  dst: (told, value) => told.destination.toLowerCase().includes(value),
  addr: (told, value) => FIELDS.src(told, value) || FIELDS.dst(told, value),
  proto: (told, value) => told.protocol.toLowerCase() === value,
  port: (told, value) => told.ports.includes(Number(value)),
  vlan: (told, value) => told.vlans.includes(Number(value)),
  from: (told, value) => told.from.toLowerCase() === value,
};
const LENGTH = /^len([<>=])(\d+)$/;
export const FILTER_HELP = `Words and fields, such as: arp · "who has" · ${Object.keys(FIELDS).join(": · ")}: · len>100 · -icmp (not)`;

// Returns a function that tells whether a packet matches; its argument is what dissect() returns, with `from` and `length`. Null if
// nothing was written. Throws for what is no filter.
export function parseFilter(text) {
  const terms = [...text.matchAll(/(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi)];
  const tests = terms.map(([, minus, field, quoted, plain]) => {
    const test = makeTest(field?.toLowerCase(), (quoted ?? plain).toLowerCase(), quoted !== undefined);
    return minus ? (told) => !test(told) : test;
  });
  return tests.length ? (told) => tests.every((test) => test(told)) : null;
}

function makeTest(field, value, isQuoted) {
  const length = isQuoted || field ? null : LENGTH.exec(value);
  if (length) return (told) => compare(told.length, length[1], Number(length[2]));
  if (field && FIELDS[field]) return (told) => FIELDS[field](told, value);
  // The beginning of an address of IPv6 or of a MAC looks like a field.
  const word = field ? `${field}:${value}` : value;
  if (field && !/^[0-9a-f]+$/.test(field)) throw new Error(`There is no field ${field}. There are: ${Object.keys(FIELDS).join(", ")}, len`);
  return ({ source, destination, protocol, what }) => [source, destination, protocol, what].some((each) => each.toLowerCase().includes(word));
}

const compare = (a, sign, b) => (sign === "<" ? a < b : sign === ">" ? a > b : a === b);

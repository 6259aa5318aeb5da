// Numbers of nodes: in names such as PC7, and in texts that are written once for several nodes, such as "ip 10.0.0.{n}/24".

const MARK = "{n}";
const DIGITS = /\d+$/;

// A text with a number in place of each {n}.
export const withNumber = (text, number) => text.replaceAll(MARK, String(number));

export const hasMark = (text) => text.includes(MARK);

// The number at the end of a name, or null.
export const numberOf = (name) => {
  const [digits] = DIGITS.exec(name) ?? [];
  return digits === undefined ? null : Number(digits);
};

// The pattern for several names: with {n}, which is added if it is missing, and without spaces, which no name keeps.
export const patternOf = (text) => {
  const pattern = text.replaceAll("{0}", MARK).replaceAll(" ", "");
  return hasMark(pattern) ? pattern : pattern + MARK;
};

// The first number from which on no name of the pattern is in use.
export function nextNumber(pattern, names) {
  const [before, ...rest] = pattern.split(MARK);
  const after = rest.join(MARK);
  let next = 1;
  for (const name of names) {
    if (name.length <= before.length + after.length || !name.startsWith(before) || !name.endsWith(after)) continue;
    const between = name.slice(before.length, name.length - after.length);
    if (/^\d{1,9}$/.test(between)) next = Math.max(next, Number(between) + 1);
  }
  return next;
}

// Free names for copies, in the order of these: the number at the end of one that is in use is replaced by the lowest free one.
export function freeNames(names, used) {
  const taken = new Set(used);
  const next = new Map(); // by the name without its number: where the search goes on
  return names.map((name) => {
    let free = name;
    if (taken.has(name)) {
      const stem = name.replace(DIGITS, "");
      let number = next.get(stem) ?? 1;
      while (taken.has(stem + number)) number += 1;
      next.set(stem, number + 1);
      free = stem + number;
    }
    taken.add(free);
    return free;
  });
}

// The nodes that a list of names means.

const ANY = "*"; // stands for any letters

// The ids of the nodes that a text names: names, or patterns with *, between commas. A pattern means only nodes that run and can
// have traffic (`canSend`), a name any node. Each node once, in the order of the text. Throws if a part means none.
export function nodesNamed(text, nodes, canSend) {
  const parts = text.split(",").map((part) => part.trim()).filter(Boolean);
  if (!parts.length) throw new Error("Name the nodes: PC1, PC2, web*");
  const byName = new Map();
  for (const node of nodes) byName.set(node.name, [...(byName.get(node.name) ?? []), node]);
  const found = new Set();
  for (const part of parts) {
    const named = byName.get(part) ?? (part.includes(ANY) ? [...nodes].filter((node) => matches(part, node.name) && canSend(node)) : []);
    if (!named.length) throw new Error(part.includes(ANY) ? `No PC that runs is called '${part}'.` : `No node is called '${part}'.`);
    for (const node of named) found.add(node.node_id);
  }
  return [...found];
}

// A name as a part of such a text.
export const asPart = (name) => name.replaceAll(",", ANY).trim();

// Each piece between two * is looked for once, from left to right, so that this takes linear time for any pattern.
function matches(pattern, name) {
  const [first, ...rest] = pattern.split(ANY);
  const last = rest.pop();
  if (!name.startsWith(first)) return false;
  let place = first.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, place);
    if (found < 0) return false;
    place = found + piece.length;
  }
  return name.endsWith(last) && name.length - last.length >= place;
}

// Finds nodes and links by a part of their names.

const collator = new Intl.Collator("en", { numeric: true });

// Nodes and links are [id, name, ...]; returns those whose name contains the text: exact matches first, then names that begin with
// it, then the rest; nodes before links.
export function findThings(nodes, links, text) {
  const wanted = text.toLowerCase();
  const rankOf = (name, isLink) => (name === wanted ? 0 : name.startsWith(wanted) ? 2 : 4) + (isLink ? 1 : 0);
  return [nodes, links].flatMap((things, isLink) =>
    things.map((thing) => ({ thing, name: thing[1].toLowerCase() }))
      .filter(({ name }) => name.includes(wanted))
      .map(({ thing, name }) => ({ thing, rank: rankOf(name, isLink) })))
    .toSorted((a, b) => a.rank - b.rank || collator.compare(a.thing[1], b.thing[1]))
    .map(({ thing }) => thing);
}

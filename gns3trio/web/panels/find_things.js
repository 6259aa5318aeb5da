// Finds nodes and links by what somebody types of their names.

const collator = new Intl.Collator("en", { numeric: true });

// Nodes and links are [id, name, ...]; gives those whose name holds the text. What bears the name comes before what begins with it, and that before the rest;
// nodes come before links.
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

// Finds the nodes and links of a lab by words, and keeps them in the order of their names.

// A text that sorts as a name does for people: numbers by their value, letters of any size and with accents together.
export const sortKey = (name) => name.normalize("NFKD").toLowerCase().replace(/\d+/g, (digits) => {
  const number = digits.replace(/^0+(?=\d)/, "");
  return String.fromCharCode(47 + number.length) + number; // a number with more digits is larger
});

export class LabIndex {
  constructor(lab) {
    this.lab = lab;
    this.entries = new Map(); // by id: {id, isLink, name, lower, key, text, of}; `of` are the objects that it was made of
    this.sorted = []; // nodes before links
  }

  // Takes over what has changed. An object that changes is replaced by another, so comparing is cheap.
  refresh() {
    const { nodes, links, problems } = this.lab;
    const before = this.entries;
    let inOrder = before.size === nodes.size + links.size;
    this.entries = new Map();
    const keep = (id, isLink, of, make) => {
      let entry = before.get(id);
      if (!entry || entry.of.some((each, place) => each !== of[place])) {
        const made = { id, isLink, of, ...make() };
        if (made.name !== entry?.name) {
          Object.assign(made, { lower: made.name.toLowerCase(), key: sortKey(made.name) });
          inOrder = false;
        }
        entry = Object.assign(entry ?? {}, made); // the same object, which `sorted` has
      }
      this.entries.set(id, entry);
    };
    for (const [id, node] of nodes) keep(id, false, [node, problems.get(id)], () => this.textsOfNode(node));
    for (const [id, link] of links) {
      keep(id, true, [link, problems.get(id), ...link.nodes.map((end) => nodes.get(end.node_id))], () => this.textsOfLink(link));
    }
    if (!inOrder) this.sorted = [...this.entries.values()].toSorted((a, b) => a.isLink - b.isLink || compare(a.key, b.key));
  }

  textsOfNode(node) {
    const { name, node_type, status, console_type, console_host } = node;
    const title = this.lab.types.get(node_type)?.title ?? "";
    const place = node.console && console_type !== "none" ? `${console_type} ${console_host}:${node.console}` : "";
    const state = this.lab.problems.has(node.node_id) ? "not run here" : status;
    return { name, text: [name, node_type, title, state, place].join("\n").toLowerCase() };
  }

  textsOfLink(link) {
    const states = [["suspended", link.suspend], ["capturing", link.capturing], ["broken", this.lab.problems.has(link.link_id)]];
    const name = this.lab.linkName(link);
    return { name, text: [name, ...states.filter(([, holds]) => holds).map(([state]) => state)].join("\n").toLowerCase() };
  }

  // The entries that have all words of a text in their name, type, status or console: the exact name comes first, then names
  // that begin with the text, then names that contain it, then the rest; of each, nodes before links. `among`: only these ids.
  find(text, among) {
    const wanted = text.trim().toLowerCase();
    const words = wanted.split(/\s+/);
    const ranks = Array.from({ length: 8 }, () => []);
    for (const entry of this.sorted) {
      if (!words.every((word) => entry.text.includes(word)) || (among && !among.has(entry.id))) continue;
      ranks[2 * rankOf(entry, wanted) + Number(entry.isLink)].push(entry);
    }
    return ranks.flat();
  }
}

const compare = (a, b) => (a < b ? -1 : Number(a > b));

function rankOf({ lower }, wanted) {
  if (lower.startsWith(wanted)) return lower.length === wanted.length ? 0 : 1;
  return lower.includes(wanted) ? 2 : 3;
}

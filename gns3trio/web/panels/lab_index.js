// Finds the nodes and links of a lab by words, and keeps them in the order of their names.

// A text that sorts as a name does for people: numbers by their value, letters of any size and with accents together.
export const sortKey = (name) => name.normalize("NFKD").toLowerCase().replace(/\d+/g, (digits) => {
  const number = digits.replace(/^0+(?=\d)/, "");
  return String.fromCharCode(47 + number.length) + number; // a number with more digits is larger
});

// So many objects are compared before the clock is read.
const STEP = 100;

export class LabIndex {
  constructor(lab) {
    this.lab = lab;
    this.entries = new Map(); // by id: {id, isLink, name, lower, key, text, of}, and of a link its `conditions`; `of` are the objects that it was made of
    this.sorted = []; // nodes before links
  }

  // Takes over what has changed, for at most so many milliseconds. Returns whether that is everything; if not, call it again.
  refresh(most = Infinity) {
    this.work ??= this.takeOver();
    const end = performance.now() + most;
    do {
      if (this.work.next().done) this.work = null;
    } while (this.work && performance.now() < end);
    return this.work === null;
  }

  // An object that changes is replaced by another, so comparing is cheap.
  *takeOver() {
    const { nodes, links, impairments, problems, hosts } = this.lab;
    const entries = new Map();
    let inOrder = this.entries.size === nodes.size + links.size;
    const keep = (id, isLink, of, make) => {
      let entry = this.entries.get(id);
      if (!entry || entry.of.some((each, place) => each !== of[place])) {
        const made = { id, isLink, of, ...make() };
        if (made.name !== entry?.name) {
          Object.assign(made, { lower: made.name.toLowerCase(), key: sortKey(made.name) });
          inOrder = false;
        }
        entry = Object.assign(entry ?? {}, made); // the same object, which `sorted` has
      }
      entries.set(id, entry);
      return entries.size % STEP === 0;
    };
    for (const [id, node] of nodes) if (keep(id, false, [node, problems.get(id), hosts.wordsOf(node)], () => this.textsOfNode(node))) yield;
    for (const [id, link] of links) {
      if (keep(id, true, [link, impairments.get(id), problems.get(id), ...link.nodes.map((end) => nodes.get(end.node_id))], () => this.textsOfLink(link))) yield;
    }
    if (!inOrder) this.sorted = [...entries.values()].toSorted((a, b) => a.isLink - b.isLink || compare(a.key, b.key));
    this.entries = entries;
  }

  textsOfNode(node) {
    const { name, node_type, console_type, console_host } = node;
    const title = this.lab.types.get(node_type)?.title ?? "";
    const place = node.console && console_type !== "none" ? `${console_type} ${console_host}:${node.console}` : "";
    return { name, text: [name, node_type, title, this.lab.stateOf(node), this.lab.hosts.wordsOf(node), place].join("\n").toLowerCase() };
  }

  textsOfLink(link) {
    const states = [["suspended", link.suspend], ["capturing", link.capturing], ["broken", this.lab.problems.has(link.link_id)]];
    const name = this.lab.linkName(link);
    const conditions = this.lab.conditionsOf(link).map(({ text }) => text);
    return { name, conditions, text: [name, ...conditions, ...states.filter(([, holds]) => holds).map(([state]) => state)].join("\n").toLowerCase() };
  }

  // The entries that have all words of a text in their name, type, status, host, console or conditions: the exact name comes first, then names
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

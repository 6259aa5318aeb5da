// Protects the page from what nodes print. A terminal obeys control sequences, and a node may be anybody's.
//
// xterm.js itself sets no title, does not touch the clipboard (OSC 52) and moves no window unless it is told to. What is left:
// numbers so large that obeying them takes minutes, marks without end above one letter, and links that lead elsewhere than they say.

import { ask } from "../actions.js";
import { h } from "../dom.js";

const MOST_REPEATED = 1000; // no terminal has more columns
// The final bytes of control sequences that do something as often as their parameter says: insert, delete and erase characters and
// lines, scroll, tabulate, repeat (ECMA-48); those with an intermediate byte act on columns.
const REPEATING = ["@", "P", "X", "I", "Z", "b"].map((final) => ({ final }));
const OF_LINES = ["L", "M", "S", "T"].map((final) => ({ final }));
const OF_COLUMNS = [" @", " A", "'}", "'~"].map(([intermediates, final]) => ({ intermediates, final }));

export const isExcessive = (parameters, most) => parameters.some((each) => typeof each === "number" && each > most);

export function guard(terminal) {
  const watch = (sequences, most) => {
    for (const sequence of sequences) terminal.parser.registerCsiHandler(sequence, (parameters) => isExcessive(parameters, most()));
  };
  watch([...REPEATING, ...OF_COLUMNS], () => MOST_REPEATED);
  watch(OF_LINES, () => terminal.rows); // each line is work for every line of the screen
}

// A letter has a few marks, and not thousands, which take a browser minutes to draw.
const MARKS = /([\p{M}\p{Cf}]{8})[\p{M}\p{Cf}]+/gu;

export const withFewMarks = (text) => text.replace(MARKS, "$1");

// What happens when a user clicks a link that a node has printed (OSC 8), whose text may be anything.
export const LINKS = { activate: (_event, address) => openLink(address), allowNonHttpProtocols: false };

async function openLink(address) {
  const question = h("p", {}, "The node has printed this link: ", h("code", {}, address));
  if (await ask("Open the link?", question, "Open")) window.open(address, "_blank", "noopener,noreferrer");
}

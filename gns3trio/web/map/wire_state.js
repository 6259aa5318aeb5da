// What a wire looks like because of what is set on it.

import { toldText, wireText } from "../conditions.js";

// So many texts have room beside a wire.
const MOST_TEXTS = 3;
const DIRECTIONS = ["a_to_b", "b_to_a"];

// `cut` is why nothing passes: "broken", "blocked" or "suspended". `narrow`: the rate is limited in both directions. `marks` has for
// each direction what a sign near the node that sends shows: "blocked", "narrow", "impaired", or nothing. `texts` are shown beside the wire.
export function wireState({ conditions, suspended, broken, names, arrows }) {
  const acting = (direction) => conditions.filter((each) => each.direction === direction || each.direction === "both");
  const holds = (direction, what) => acting(direction).some((each) => each[what]);
  const isBlocked = DIRECTIONS.every((direction) => holds(direction, "blocks"));
  const cut = broken ? "broken" : suspended ? "suspended" : isBlocked ? "blocked" : null;
  const markOf = (direction) => {
    if (holds(direction, "blocks")) return isBlocked ? null : "blocked"; // then the whole wire shows it
    if (holds(direction, "narrows")) return "narrow";
    return conditions.some((each) => each.direction === direction) ? "impaired" : null;
  };
  const said = conditions.map((each) => toldText(each, names));
  const shown = conditions.map((each) => wireText(each, arrows));
  const texts = shown.length > MOST_TEXTS ? [...shown.slice(0, MOST_TEXTS - 1), `+${shown.length - MOST_TEXTS + 1} more`] : shown;
  return {
    cut,
    narrow: DIRECTIONS.every((direction) => holds(direction, "narrows")),
    marks: cut ? [null, null] : DIRECTIONS.map(markOf),
    texts: [...(broken ? ["broken"] : []), ...texts, ...(suspended ? ["suspended"] : [])],
    said: [...(broken ? ["broken"] : []), ...said, ...(suspended ? ["suspended"] : [])].join(", "),
  };
}

// Why nothing can cross a link, or null: "kept" if a node at its end does not run here at all, which that node shows, else "broken".
export function faultOf(lab, link) {
  if (!lab.problems.has(link.link_id)) return null;
  const isKept = ({ node_id: id }) => lab.problems.has(id) && lab.nodes.has(id) && !lab.hosts.of(lab.nodes.get(id))?.away;
  return link.nodes.some(isKept) ? "kept" : "broken";
}

// How fast signs of traffic move along a wire, in seconds for the distance between two of them: a few paces, because a change of
// pace shows as a jump. None if nothing moves.
const PACES = [[1e8, 0.35], [1e6, 0.6], [1e4, 1], [1, 1.8]];
export const paceOf = (bits) => PACES.find(([least]) => bits >= least)?.[1] ?? null;

// If more links than this carry traffic, nothing moves: the page would have no time for anything else.
export const MOST_MOVING = 40;

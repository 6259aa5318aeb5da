// The dashes of lines and borders, as GNS3's clients draw them: lengths of dashes and gaps in multiples of the line width.

const [DASH, DOT, GAP] = [5, 2, 1];

// By the number of Qt that GNS3 gives to a type of line: 2 dashes, 3 dots, 4 and 5 a dash and one or two dots.
export const DASHES = { __proto__: null, 2: [DASH, GAP], 3: [DOT, GAP], 4: [DASH, GAP, DOT, GAP], 5: [DASH, GAP, DOT, GAP, DOT, GAP] };

// In drawings GNS3 writes other numbers, which only tell which of these is meant.
const WRITTEN = { __proto__: null, "25 25": 2, "5 25": 3, "5 25 25": 4, "25 25 5 25 5": 5 };
// The dashes of a thin line are as long as those of a line of this width.
const LEAST = 2;

// The dashes of a border in a drawing, whose `stroke-dasharray` is `written`, in pixels: "10 2". Others stay as they are written.
export function borderDashes(written, width) {
  const type = WRITTEN[written.trim().split(/[\s,]+/).join(" ")];
  return type === undefined ? written : DASHES[type].map((part) => part * Math.max(width, LEAST)).join(" ");
}

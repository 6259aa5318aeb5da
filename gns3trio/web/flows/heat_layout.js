// Where the cells of a heat map are, and their colours, as values.

// A larger mesh is shown as a list only: its cells would be too small.
export const MOST_NODES = 141;

const [LEAST_CELL, MOST_CELL] = [3, 44];
// Names and numbers need cells of this size; in smaller ones, rows and columns have no names.
const NAMED_CELL = 12;
const NAME_WIDTH = 84;
export const NAME_GAP = 4; // on both sides of a name
const NUMBER_WIDTH = 30;
const EDGE = 4;

// The size of a cell and the place of the first one in pixels, for `count` rows and columns in a picture of this width. Names
// get as much room as the longest one needs, if that is not too much.
export function layoutOf(count, width, longestName = NAME_WIDTH) {
  const nameWidth = Math.min(Math.ceil(longestName) + 2 * NAME_GAP, NAME_WIDTH);
  const fit = (names) => Math.min(Math.max(Math.floor((width - names - EDGE) / count), LEAST_CELL), MOST_CELL);
  const named = fit(nameWidth) >= NAMED_CELL;
  const start = named ? nameWidth : EDGE;
  const cell = fit(start);
  const size = start + count * cell + EDGE;
  return { count, named, start, cell, size, numbered: cell >= NUMBER_WIDTH };
}

// The [row, column] at a place in the picture; null beside the cells.
export function cellAt({ start, cell, count }, x, y) {
  const [column, row] = [x, y].map((place) => Math.floor((place - start) / cell));
  return [row, column].every((each) => each >= 0 && each < count) ? [row, column] : null;
}

// Where the arrow keys lead from a cell; undefined for other keys.
export function cellFrom([row, column], key, count) {
  const last = count - 1;
  const to = {
    ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
    Home: [row, 0], End: [row, last], PageUp: [0, column], PageDown: [last, column],
  }[key];
  return to?.map((each) => Math.min(Math.max(each, 0), last));
}

// Colours from none to the most. They differ in lightness above all, so they are a scale for those who see no colours, too.
export const RAMPS = {
  light: [[236, 242, 248], [163, 201, 230], [74, 144, 196], [18, 84, 150], [8, 37, 86]],
  dark: [[36, 50, 64], [36, 88, 132], [62, 143, 196], [146, 203, 240], [238, 248, 255]],
};

// The colour of a part from 0 to 1.
export function colourAt(ramp, part) {
  const place = Math.min(Math.max(part, 0), 1) * (ramp.length - 1);
  const before = Math.min(Math.floor(place), ramp.length - 2);
  return ramp[before].map((value, channel) => Math.round(value + (ramp[before + 1][channel] - value) * (place - before)));
}

// The relative luminance of a colour (WCAG 2).
export function lightness(colour) {
  const [red, green, blue] = colour.map((value) => (value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

// Black or white, whichever can be read on the colour.
export const inkOn = (colour) => (lightness(colour) > 0.179 ? "#000" : "#fff");

export const rgb = (colour) => `rgb(${colour.join(" ")})`;

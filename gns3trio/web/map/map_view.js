// What is seen of the lab. In a view {x, y, scale} a point of the lab is at scale * point + [x, y] of the window. A window is its
// [width, height] in pixels, a box is [left, top, right, bottom] of the lab.

const [LEAST_SCALE, MOST_SCALE] = [0.03, 4];
// What fits with room to spare is not shown larger than this.
const MOST_FITTED = 1.6;
// What is chosen from a list is shown as large as this, at least.
const NEAR = 0.8;
// The room around all of the lab, and how far it is moved down for the buttons.
const [ACROSS, ALONG, DOWN] = [120, 180, 20];
const NOTHING = [-200, -150, 200, 150];

// All of the boxes, in the middle.
export function fittedView(boxes, [width, height]) {
  const [left, top, right, bottom] = (boxes.length ? boxes : [NOTHING]).reduce(
    (all, box) => all.map((edge, place) => Math[place < 2 ? "min" : "max"](edge, box[place])));
  const scale = Math.min(width / (right - left + ACROSS), height / (bottom - top + ALONG), MOST_FITTED);
  return { scale, x: width / 2 - (scale * (left + right)) / 2, y: height / 2 - (scale * (top + bottom)) / 2 + DOWN };
}

// Larger or smaller by a factor; what is at the point [x, y] of the window stays there.
export function zoomedView(view, factor, [x, y]) {
  const scale = Math.min(Math.max(view.scale * factor, LEAST_SCALE), MOST_SCALE);
  const ratio = scale / view.scale;
  return { x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio, scale };
}

// A point of the lab in the middle of the window, not too small to be read.
export function viewOf([x, y], { scale: before }, [width, height]) {
  const scale = Math.max(before, NEAR);
  return { x: width / 2 - scale * x, y: height / 2 - scale * y, scale };
}

export function isSeen([left, top, right, bottom], { x, y, scale }, [width, height]) {
  return left * scale + x > 0 && top * scale + y > 0 && right * scale + x < width && bottom * scale + y < height;
}

// The point of the lab in the middle of the window.
export const middleOf = ({ x, y, scale }, [width, height]) => [(width / 2 - x) / scale, (height / 2 - y) / scale];

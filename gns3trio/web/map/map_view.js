// The visible part of the lab. In a view {x, y, scale}, a point of the lab is at scale * point + [x, y] in the window. A window is
// [width, height] in pixels, a box is [left, top, right, bottom] in the lab.

const [LEAST_SCALE, MOST_SCALE] = [0.03, 4];
// The largest scale when fitting a small lab.
const MOST_FITTED = 1.6;
// The smallest scale when centring an object that was chosen from a list.
const NEAR = 0.8;
// The margin around the lab, and its offset from the top because of the buttons.
const [ACROSS, ALONG, DOWN] = [120, 180, 20];
const NOTHING = [-200, -150, 200, 150];

// A view that shows all boxes, centred.
export function fittedView(boxes, [width, height]) {
  const [left, top, right, bottom] = surround(boxes.length ? boxes : [NOTHING]);
  const scale = Math.min(width / (right - left + ACROSS), height / (bottom - top + ALONG), MOST_FITTED);
  return { scale, x: width / 2 - (scale * (left + right)) / 2, y: height / 2 - (scale * (top + bottom)) / 2 + DOWN };
}

// The box around all boxes.
function surround(boxes) {
  const all = [...boxes[0]];
  for (const [left, top, right, bottom] of boxes) {
    all[0] = Math.min(all[0], left);
    all[1] = Math.min(all[1], top);
    all[2] = Math.max(all[2], right);
    all[3] = Math.max(all[3], bottom);
  }
  return all;
}

// Zooms by a factor around the point [x, y] of the window.
export function zoomedView(view, factor, [x, y]) {
  const least = Math.min(LEAST_SCALE, view.scale); // a very wide lab was fitted
  const scale = Math.min(Math.max(view.scale * factor, least), MOST_SCALE);
  const ratio = scale / view.scale;
  return { x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio, scale };
}

// A view centred at a point of the lab, at a readable scale or one that is not smaller than `least`.
export function viewOf([x, y], { scale: before }, [width, height], least = NEAR) {
  const scale = Math.max(before, least);
  return { x: width / 2 - scale * x, y: height / 2 - scale * y, scale };
}

export function isSeen([left, top, right, bottom], { x, y, scale }, [width, height]) {
  return left * scale + x > 0 && top * scale + y > 0 && right * scale + x < width && bottom * scale + y < height;
}

// The point of the lab at the centre of the window.
export const middleOf = ({ x, y, scale }, [width, height]) => [(width / 2 - x) / scale, (height / 2 - y) / scale];

export const middleOfBox = ([left, top, right, bottom]) => [(left + right) / 2, (top + bottom) / 2];

// The geometry of drawings: they are turned about their upper left corner, in degrees, as GNS3's clients turn them.

const turn = ([x, y], degrees) => {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return [x * cos - y * sin, x * sin + y * cos];
};

// The least size of a shape in pixels, which can still be grasped.
export const LEAST = 5;

// The handles of a box, as the part of the width and the height that each moves: [-1, 0] is the left edge.
export const HANDLES = new Map([
  ["nw", [-1, -1]], ["n", [0, -1]], ["ne", [1, -1]], ["e", [1, 0]], ["se", [1, 1]], ["s", [0, 1]], ["sw", [-1, 1]], ["w", [-1, 0]],
]);

// A place beside the map as one of the drawing, and back.
export const toLocal = ([x, y], { x: left, y: top, rotation }) => turn([x - left, y - top], -rotation);
export function toMap(place, { x, y, rotation }) {
  const [dx, dy] = turn(place, rotation);
  return [x + dx, y + dy];
}

// The drawing {x, y, width, height, rotation} after its handle was moved to a place of the map. The opposite edges stay where they are;
// with `square`, its sides keep their ratio.
export function resized(drawing, handle, place, square = false) {
  const [across, down] = HANDLES.get(handle);
  const [px, py] = toLocal(place, drawing);
  let width = across ? Math.max(across > 0 ? px : drawing.width - px, LEAST) : drawing.width;
  let height = down ? Math.max(down > 0 ? py : drawing.height - py, LEAST) : drawing.height;
  if (square && across && down && drawing.width && drawing.height) {
    const factor = Math.max(width / drawing.width, height / drawing.height);
    [width, height] = [factor * drawing.width, factor * drawing.height];
  }
  [width, height] = [Math.round(width), Math.round(height)];
  const corner = [across < 0 ? drawing.width - width : 0, down < 0 ? drawing.height - height : 0];
  const [x, y] = toMap(corner, drawing).map(Math.round);
  return { x, y, width, height };
}

// The drawing turned to `rotation` degrees about its middle.
export function turned(drawing, rotation) {
  const half = [drawing.width / 2, drawing.height / 2];
  const middle = toMap(half, drawing);
  const [dx, dy] = turn(half, rotation);
  return { x: Math.round(middle[0] - dx), y: Math.round(middle[1] - dy), rotation: normal(rotation) };
}

// Degrees from 0 to 359, which every client accepts.
export const normal = (degrees) => ((Math.round(degrees) % 360) + 360) % 360;

// The rotation at which the handle above a drawing is at a place of the map. With `steps`, in steps of 15 degrees.
export function rotationAt(drawing, [x, y], steps = false) {
  const [mx, my] = toMap([drawing.width / 2, drawing.height / 2], drawing);
  const degrees = (Math.atan2(y - my, x - mx) * 180) / Math.PI + 90;
  return normal(steps ? 15 * Math.round(degrees / 15) : degrees);
}

// The box {x, y, width, height} between two places; with `square`, a square.
export function boxBetween([x1, y1], [x2, y2], square = false) {
  let [width, height] = [Math.abs(x2 - x1), Math.abs(y2 - y1)];
  if (square) width = height = Math.max(width, height);
  const [x, y] = [x2 < x1 ? x1 - width : x1, y2 < y1 ? y1 - height : y1];
  return { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) };
}

// A line between two places of the map: its corner, size, and ends relative to the corner. With `steps`, its angle is a multiple of 45 degrees.
export function lineBetween(from, to, steps = false) {
  let [x2, y2] = to;
  if (steps) {
    const angle = (Math.PI / 4) * Math.round(Math.atan2(y2 - from[1], x2 - from[0]) / (Math.PI / 4));
    const length = Math.hypot(x2 - from[0], y2 - from[1]);
    [x2, y2] = [from[0] + length * Math.cos(angle), from[1] + length * Math.sin(angle)];
  }
  const [ax, ay, bx, by] = [...from, x2, y2].map(Math.round);
  const [x, y] = [Math.min(ax, bx), Math.min(ay, by)];
  return { x, y, width: Math.abs(bx - ax), height: Math.abs(by - ay), x1: ax - x, y1: ay - y, x2: bx - x, y2: by - y };
}

// The area that a node covers. Its `x` and `y` are the upper left corner.

// The size of most symbols, for a node whose size is unknown.
export const [WIDTH, HEIGHT] = [65, 59];

export const sizeOf = ({ width, height }) => [width || WIDTH, height || HEIGHT];

export function boxOf(node) {
  const [width, height] = sizeOf(node);
  return [node.x, node.y, node.x + width, node.y + height];
}

export const centreOf = (node) => [node.x + sizeOf(node)[0] / 2, node.y + sizeOf(node)[1] / 2];

// Two fingers on the map: they move it, and zoom it by their distance. What the first finger had begun ends.

// The centre of two points, and their distance.
const spanOf = ([[ax, ay], [bx, by]]) => ({ x: (ax + bx) / 2, y: (ay + by) / 2, distance: Math.max(Math.hypot(ax - bx, ay - by), 1) });

// The view after the fingers have moved: what was between them stays between them.
export function pinched(view, before, after, zoomed) {
  const ratio = after.distance / before.distance;
  const { x, y, scale } = zoomed(view, ratio, [before.x, before.y]);
  return { x: x + after.x - before.x, y: y + after.y - before.y, scale };
}

export class Pinch {
  // `onView(change)` gets a function from a view to the next one.
  constructor(svg, { zoomed, onView }) {
    Object.assign(this, { svg, zoomed, onView });
    this.fingers = new Map(); // places by pointer
    svg.addEventListener("pointerdown", (event) => this.press(event), { capture: true });
    svg.addEventListener("pointermove", (event) => this.move(event), { capture: true });
    for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, (event) => this.release(event), { capture: true });
  }

  press(event) {
    if (event.pointerType !== "touch") return;
    if (event.isPrimary) this.fingers.clear(); // of one that has left the window nothing was heard
    this.fingers.set(event.pointerId, this.placeOf(event));
    if (this.fingers.size < 2) return;
    event.stopPropagation();
    this.svg.setPointerCapture(event.pointerId);
    if (this.fingers.size > 2) return;
    const [first] = this.fingers.keys();
    this.isEnding = true;
    this.svg.dispatchEvent(new PointerEvent("pointercancel", { pointerId: first, pointerType: "touch" }));
    this.isEnding = false;
  }

  move(event) {
    if (!this.fingers.has(event.pointerId)) return;
    const before = this.span();
    this.fingers.set(event.pointerId, this.placeOf(event));
    if (!before) return;
    event.stopPropagation();
    const after = this.span();
    this.onView((view) => pinched(view, before, after, this.zoomed));
  }

  release(event) {
    if (!this.isEnding) this.fingers.delete(event.pointerId);
  }

  span() {
    return this.fingers.size === 2 ? spanOf([...this.fingers.values()]) : null;
  }

  placeOf(event) {
    const { left, top } = this.svg.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }
}

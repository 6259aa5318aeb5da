// The icons of the page: simple drawings of our own, 20 by 20, drawn with lines in the colour of the text.

import { s } from "./dom.js";

const circle = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;

const LENS = `${circle(8.5, 8.5, 5.5)}M12.5 12.5l5 5`;
const PANE = "M2.5 3.5h15v13h-15z";
const PADLOCK = "M4.5 9h11v8.5h-11zM6.5 9V6.5";

// Each is one SVG path.
export const ICONS = {
  __proto__: null,
  "add-node": "M3 3h9v9H3zM15.5 11v7M12 14.5h7",
  "add-several": "M2.5 2.5h6v6h-6zM11.5 2.5h6v6h-6zM2.5 11.5h6v6h-6zM14.5 11v7M11 14.5h7",
  "add-link": `${circle(4.5, 7.5, 2)}${circle(13.5, 15.5, 2)}M6 8.8l6 5.4M15 2.5v6M12 5.5h6`,
  "add-note": "M4 6V3.5h12V6M10 3.5v13M7.5 16.5h5",
  "add-shape": `M2.5 3h9v7.5h-9z${circle(12.5, 12.5, 4.5)}`,
  rectangle: "M2.5 5h15v10h-15z",
  ellipse: "M2.5 10a7.5 5.2 0 1 0 15 0a7.5 5.2 0 1 0-15 0",
  line: "M3.5 16.5l13-13",
  picture: `${PANE}M2.5 14l4.5-5 4 4 2.5-2.5 4 4${circle(13, 7.3, 1.3)}`,
  play: "M5.5 3.5l10 6.5-10 6.5z",
  stop: "M4.5 4.5h11v11h-11z",
  pause: "M6.5 4v12M13.5 4v12",
  reload: "M16 10a6 6 0 1 1-1.8-4.3M16.5 2.5v4h-4",
  undo: "M7 4L3 8l4 4M3 8h8.5a4.5 4.5 0 0 1 0 9H8",
  redo: "M13 4l4 4-4 4M17 8H8.5a4.5 4.5 0 0 0 0 9H12",
  search: LENS,
  "zoom-in": `${LENS}M8.5 6v5M6 8.5h5`,
  "zoom-out": `${LENS}M6 8.5h5`,
  fit: "M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4M7.5 7.5h5v5h-5z",
  grid: "M3 3h14v14H3zM3 7.7h14M3 12.3h14M7.7 3v14M12.3 3v14",
  snap: "M4 3v7a6 6 0 0 0 12 0V3h-4v7a2 2 0 0 1-4 0V3zM4 6.5h4M12 6.5h4",
  lock: `${PADLOCK}a3.5 3.5 0 0 1 7 0V9`,
  unlock: `${PADLOCK}a3.5 3.5 0 0 1 6.8-1.2`,
  "layers-up": "M10 9.5l7 3.5-7 3.5-7-3.5zM10 7V1.5M7.5 4L10 1.5 12.5 4",
  "layers-down": "M10 3.5L17 7l-7 3.5L3 7zM10 13v5.5M7.5 16l2.5 2.5 2.5-2.5",
  copy: "M7 7h10v10H7zM13 7V3H3v10h4",
  paste: "M6.5 4H4v13.5h12V4h-2.5M7 2.5h6v3H7zM7 10h6M7 13.5h6",
  delete: "M3.5 5.5h13M8 5.5V3h4v2.5M5.5 5.5l.8 12h7.4l.8-12M8.5 8.5v6M11.5 8.5v6",
  console: `${PANE}M5.5 7.5l3 2.5-3 2.5M10.5 13h4`,
  capture: `${circle(10, 10, 7)}${circle(10, 10, 2.6)}`,
  settings: `M3 5.5h7M14 5.5h3M3 14.5h3M10 14.5h7${circle(12, 5.5, 2)}${circle(8, 14.5, 2)}`,
  snapshot: `M2.5 6h4L8 3.5h4L13.5 6h4v10.5h-15z${circle(10, 11, 3)}`,
  arrange: "M7.5 2.5h5v4h-5zM2.5 13.5h5v4h-5zM12.5 13.5h5v4h-5zM10 6.5V10M5 13.5V10h10v3.5",
  template: "M3 3h14v4.5H3zM3 10.5h6V17H3zM12 10.5h5V17h-5z",
  symbol: "M3 3.5h14V13H3zM7 17h6M10 13v4",
  file: "M5 2.5h7l4 4v11H5zM12 2.5v4h4",
  menu: "M3 5h14M3 10h14M3 15h14",
  more: `${circle(4.5, 10, 0.8)}${circle(10, 10, 0.8)}${circle(15.5, 10, 0.8)}`,
  close: "M5 5l10 10M15 5L5 15",
  help: `${circle(10, 10, 7.5)}M7.8 7.8a2.3 2.3 0 1 1 3.3 2.1c-.8.4-1.1.8-1.1 1.6M10 14.2v.1`,
  mesh: `${circle(4.5, 4.5, 2)}${circle(15.5, 4.5, 2)}${circle(4.5, 15.5, 2)}${circle(15.5, 15.5, 2)}M6.5 4.5h7M6.5 15.5h7M4.5 6.5v7M15.5 6.5v7M6 6l8 8M14 6l-8 8`,
  lab: `${circle(10, 4.5, 2)}${circle(4.5, 15, 2)}${circle(15.5, 15, 2)}M9 6.3l-3.6 7M11 6.3l3.6 7M6.5 15h7`,
  keyboard: "M2 5.5h16v9.5H2zM5 8.5h1M8.7 8.5h1M12.4 8.5h1M5 12h1M8 12h4M14 12h1",
  labels: `M3 3h6.5l7.5 7.5-6.5 6.5L3 9.5z${circle(6.6, 6.6, 1.2)}`,
  expand: "M12 3h5v5M17 3l-6 6M8 17H3v-5M3 17l6-6",
  split: `${PANE}M10 3.5v13`,
  "pop-out": "M11.5 3H17v5.5M17 3l-7.5 7.5M8 4H3v13h13v-5",
  edit: "M4 16l.8-3.6 8.8-8.8 2.8 2.8-8.8 8.8z",
  download: "M10 3v9.5M6 9l4 4 4-4M3 17h14",
  upload: "M10 13V3.5M6 7l4-4 4 4M3 17h14",
  select: "M3 6V3h3M9 3h3M15 3h2v3M17 9v3M17 15v2h-2M12 17H9M6 17H3v-2M3 12V9M8 8l4.5 9 1-3.5 3.5-1z",
  up: "M4.5 12.5L10 7l5.5 5.5",
  down: "M4.5 7.5L10 13l5.5-5.5",
};

// An icon beside or instead of a text. It tells a screen reader nothing: its button needs a name of its own.
export function icon(name) {
  const drawing = ICONS[name];
  if (drawing === undefined) throw new Error(`There is no icon ${name}.`);
  return s("svg", { class: "icon", viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": true }, s("path", { d: drawing }));
}

// Pictures that users add to a lab: PNG, JPEG or SVG. Whatever is in them, they are stored as an image inside of the drawing: there, no
// client runs a script or loads anything.

import { isBounded } from "../map/svg_cost.js";
import { writePicture } from "./shape_format.js";

export const ACCEPTED = ".png,.jpg,.jpeg,.svg,image/png,image/jpeg,image/svg+xml";
// The server takes drawings of 15 MiB, and base64 needs a third more.
export const MOST_BYTES = 10 << 20;
// An SVG is drawn anew at each zoom, and a short one can take long.
const MOST_SVG_BYTES = 1 << 20;
// Larger pictures are shown at this size at first.
const LARGEST = 600;
const PIECE = 0x8000; // more arguments than this are too many for a call

// The type of a file by its first bytes: "image/png", "image/jpeg", "image/svg+xml", or null.
export function pictureType(bytes) {
  const begins = (...start) => start.every((byte, at) => bytes[at] === byte);
  if (begins(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "image/png";
  if (begins(0xff, 0xd8, 0xff)) return "image/jpeg";
  const text = new TextDecoder().decode(bytes.subarray(0, 4096)).trimStart();
  return text.startsWith("<") && /<svg[\s>]/.test(text) ? "image/svg+xml" : null;
}

// The data: URL of a picture. Throws with a sentence for the user if it is none, or too large.
export function pictureLink(name, bytes) {
  if (bytes.length > MOST_BYTES) throw new Error(`${name} has ${mebibytes(bytes.length)} MiB. A picture may have ${mebibytes(MOST_BYTES)} MiB.`);
  const type = pictureType(bytes);
  if (type === null) throw new Error(`${name} is not a picture. PNG, JPEG and SVG are possible.`);
  if (type === "image/svg+xml") {
    if (bytes.length > MOST_SVG_BYTES) throw new Error(`${name} has ${mebibytes(bytes.length)} MiB. An SVG may have ${mebibytes(MOST_SVG_BYTES)} MiB.`);
    if (!isBounded(new TextDecoder().decode(bytes))) throw new Error(`${name} is too complex: its elements refer to each other many times. Save it as a plain SVG.`);
  }
  let binary = "";
  for (let at = 0; at < bytes.length; at += PIECE) binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return `data:${type};base64,${btoa(binary)}`;
}

const mebibytes = (bytes) => Math.ceil((10 * bytes) / (1 << 20)) / 10;

// The size at which a picture is shown at first: its own, unless it is huge.
export function shownSize(width, height) {
  const factor = Math.min(1, LARGEST / Math.max(width, height, 1));
  return [Math.max(1, Math.round(factor * (width || LARGEST / 2))), Math.max(1, Math.round(factor * (height || LARGEST / 2)))];
}

// The SVG of a drawing with a picture. `measure(link)` resolves with the picture's width and height.
export async function pictureDrawing(file, measure) {
  const link = pictureLink(file.name, new Uint8Array(await file.arrayBuffer()));
  let size = null;
  try {
    size = await measure(link);
  } catch {
    throw new Error(`${file.name} cannot be shown: it is damaged, or of an unusual kind.`);
  }
  const [width, height] = shownSize(...size);
  return { svg: writePicture(link, width, height), width, height };
}

// Measures a picture in the browser.
export function naturalSize(link) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve([image.naturalWidth, image.naturalHeight]);
    image.onerror = () => reject(new Error("no picture"));
    image.src = link;
  });
}

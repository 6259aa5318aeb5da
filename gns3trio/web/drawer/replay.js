// A console that is connected again sends its last lines first, as to every new client. Most of them are on the screen already.

const MOST_BYTES = 4096; // the server sends no more

// The end of all output so far.
export function withEnd(end, output) {
  if (output.length >= MOST_BYTES) return output.slice(-MOST_BYTES);
  const joined = new Uint8Array(end.length + output.length);
  joined.set(end);
  joined.set(output, end.length);
  return joined.slice(-MOST_BYTES);
}

// What of `replay` is new after `end`: all that follows the longest part that both share, and the line that it begins in, which is
// the prompt if nothing is new.
export function newOutput(end, replay) {
  const shared = sharedLength(end, replay);
  return replay.slice(shared ? replay.lastIndexOf(10, shared - 1) + 1 : 0);
}

// The length of the longest beginning of `replay` with which `end` ends (Knuth, Morris, Pratt: it takes linear time).
function sharedLength(end, replay) {
  const pattern = replay.subarray(0, end.length);
  const shorter = new Int32Array(pattern.length + 1);
  let length = 0;
  for (let at = 1; at < pattern.length; at += 1) {
    while (length && pattern[at] !== pattern[length]) length = shorter[length];
    if (pattern[at] === pattern[length]) length += 1;
    shorter[at + 1] = length;
  }
  length = 0;
  for (const byte of end) {
    while (length && (length === pattern.length || byte !== pattern[length])) length = shorter[length];
    if (byte === pattern[length]) length += 1;
  }
  return length;
}

// The captures of a link: what a form asks for, and what a list tells of them.

import { counted } from "../format.js";
import { formatBytes } from "../panels/usage_facts.js";

// Examples of filters: names that the server knows, and expressions of pcap-filter(7).
export const FILTER_EXAMPLES = ["dhcp", "arp", "icmp", "dns", "ospf", "host 10.0.0.1", "tcp port 80", "udp port 67 or 68", "vlan 10", "not stp"];

const [MOST_ENDED, MOST_FILES] = [50, 20];
const MEGABYTE = 1_000_000;
const number = (text) => (String(text ?? "").trim() === "" ? null : Number(text));

// The request for the values of the form, as {route, body}. A plain capture is that of GNS3's clients, which see it, if there is none yet;
// every other is one of our own. Throws with a text that begins with the name of the field.
export function captureRequest(values, isCapturing) {
  const name = values.file_name.trim();
  const expression = values.expression.trim();
  const snaplen = number(values.snaplen);
  const ring = values.keep === "newest";
  const isPlain = !expression && values.direction === "both" && snaplen === null && !ring && !name.endsWith(".pcapng");
  if (isPlain && !isCapturing) return { route: "start_capture", body: name ? { capture_file_name: name } : {} };
  const [files, megabytes] = [number(values.ring_files), number(values.ring_megabytes)];
  if (ring && !(files >= 2)) throw new Error("Files: at least 2.");
  if (ring && !(megabytes >= 0.3)) throw new Error("Size of a file: at least 0.3 MB.");
  return {
    route: "captures",
    body: {
      expression,
      direction: values.direction,
      format: name.endsWith(".pcap") ? "pcap" : "pcapng",
      ...(name && { file_name: name }),
      ...(snaplen !== null && { snaplen }),
      ...(ring && { ring_files: files, ring_bytes: Math.round(megabytes * MEGABYTE) }),
    },
  };
}

// What is listed for a link: its running captures, and the files of ended captures of the whole lab, the newest first; `more` is how many
// older ones are left out. A capture has its `size`, and its newest files. One that is only watched, and saves nothing, is not listed.
export function listOf({ captures, files }, linkId) {
  const filesOf = Map.groupBy(files.toSorted((one, other) => other.modified - one.modified), (file) => file.capture_id);
  const running = captures.filter((each) => each.link_id === linkId && each.file_name !== null).map((each) => {
    const own = filesOf.get(each.capture_id) ?? [];
    return Object.assign({}, each, { size: own.reduce((sum, file) => sum + file.size, 0), files: own.slice(0, MOST_FILES) });
  });
  const ended = filesOf.get(null) ?? [];
  return { running: running.toReversed(), ended: ended.slice(0, MOST_ENDED), more: Math.max(ended.length - MOST_ENDED, 0) };
}

// The facts of a running capture in a line. `words` tells a direction in words.
export function captureText(capture, words) {
  return [
    capture.running ? null : `ended: ${capture.error}`,
    counted(capture.frames, "packet"),
    formatBytes(capture.size),
    capture.ring_files === null ? null : `the newest ${capture.ring_files} files`,
    `since ${timeText(capture.started_at)}`,
    capture.direction === "both" ? null : words(capture.direction),
    capture.expression ? `only ${capture.expression}` : "all packets",
    capture.dropped ? `${counted(capture.dropped, "packet")} lost, because the disk is too slow` : null,
  ].filter(Boolean).join(" · ");
}

// The time of day; for another day, with the date.
export function timeText(seconds, now = new Date()) {
  const time = new Date(1000 * seconds);
  const sameDay = time.toDateString() === now.toDateString();
  return time.toLocaleString("en-GB", { ...(sameDay ? {} : { day: "numeric", month: "short" }), hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

import assert from "node:assert/strict";
import test from "node:test";

import { PART_BYTES, formatSize, freeName, originOf, sendImage } from "../../../gns3trio/web/images/send_image.js";

// A server that has the upload, and breaks the connection at these requests.
function server(size, breaks = new Set()) {
  const [asked, parts] = [[], []];
  let offset = 0;
  const upload = () => ({ upload_id: offset === size ? null : "u", offset, complete: offset === size });
  async function request(method, path, body) {
    asked.push(`${method} ${path}`);
    if (breaks.has(asked.length)) throw new Error("The server does not answer.");
    if (method === "PUT") {
      parts.push(body.size);
      offset += body.size;
    }
    return upload();
  }
  return { asked, parts, request };
}

async function send(host, file, unfinished) {
  const [waited, progress] = [[], []];
  await sendImage({ base: "/b", name: "disk.img", file, unfinished, request: host.request, wait: async (ms) => waited.push(ms),
    onProgress: (done) => progress.push(done) });
  return { waited, progress };
}

const fileOf = (size) => ({ size, slice: (from, to) => ({ size: Math.min(to, size) - from }) });

test("a file is sent in parts, with its progress", async () => {
  const size = 2 * PART_BYTES + 5;
  const host = server(size);
  const { progress } = await send(host, fileOf(size));
  assert.deepEqual(host.parts, [PART_BYTES, PART_BYTES, 5]);
  assert.deepEqual(progress, [0, PART_BYTES, 2 * PART_BYTES, size]);
  assert.equal(host.asked[1], "PUT /b/uploads/u?offset=0");
});

test("it goes on where it was when the connection breaks", async () => {
  const size = 2 * PART_BYTES;
  const host = server(size, new Set([3, 4]));
  const { waited } = await send(host, fileOf(size));
  assert.deepEqual(host.parts, [PART_BYTES, PART_BYTES]);
  assert.deepEqual(waited, [500]);
});

test("it gives up when it has failed again and again", async () => {
  const host = server(10, new Set(Array.from({ length: 50 }, (_, number) => number + 2)));
  await assert.rejects(send(host, fileOf(10)), /does not answer/);
});

test("an unfinished upload goes on", async () => {
  const host = server(10);
  await send(host, fileOf(10), { upload_id: "u", offset: 4, complete: false });
  assert.deepEqual([host.asked[0], host.parts[0]], ["PUT /b/uploads/u?offset=4", 6]);
});

test("names, sizes and origins", () => {
  assert.equal(freeName("disk.img", "0123456789", []), "disk.img");
  assert.equal(freeName("disk.img", "0123456789", ["disk.img"]), "disk-01234567.img");
  assert.equal(freeName("kernel", null, ["kernel"]), "kernel-other");
  assert.deepEqual([0, 999, 1500, 2.5e9, null].map(formatSize), ["0 bytes", "999 bytes", "1.5 kB", "2.5 GB", ""]);
  assert.equal(originOf({ direct_download_url: "javascript:alert(1)", download_url: "https://example.org/" }), "https://example.org/");
  assert.equal(originOf({ direct_download_url: null, download_url: "file:///etc/passwd" }), null);
});

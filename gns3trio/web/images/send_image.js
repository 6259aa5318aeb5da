// Sends an image in parts, so that it goes on when the connection breaks.

// What is sent at once, and lost if the connection breaks meanwhile.
export const PART_BYTES = 8 * 1024 * 1024;
const PAUSES = [500, 1000, 2000, 4000, 8000];

// `base` is the path of an emulator, `unfinished` an upload that goes on. `request(method, path, body)` is that of the API,
// `wait(ms)` resolves later, `onProgress(done, size)` is called before each part. Throws when it has failed again and again.
export async function sendImage({ base, name, file, unfinished, request, wait, onProgress }) {
  let upload = unfinished ?? (await request("POST", `${base}/uploads`, { filename: name, size: file.size }));
  const path = `${base}/uploads/${upload.upload_id}`;
  let failures = 0;
  while (!upload.complete) {
    onProgress(upload.offset, file.size);
    const before = upload.offset;
    try {
      upload = await request("PUT", `${path}?offset=${before}`, file.slice(before, before + PART_BYTES));
      failures = 0;
    } catch (error) {
      if (failures === PAUSES.length) throw error;
      await wait(PAUSES[failures]);
      failures += 1;
      upload = await request("GET", path).catch(() => upload);
      if (upload.offset > before) failures = 0;
    }
  }
  onProgress(file.size, file.size);
  return upload;
}

// A name that no other image has: the one wanted, or with the beginning of the checksum.
export function freeName(wanted, md5sum, taken) {
  if (!taken.includes(wanted)) return wanted;
  const dot = wanted.lastIndexOf(".");
  const [stem, suffix] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, ""];
  return `${stem}-${(md5sum ?? "other").slice(0, 8)}${suffix}`;
}

// The size of a file for people.
export function formatSize(bytes) {
  if (typeof bytes !== "number") return "";
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

// Where an image is to be had, if that is an address of the web: others could run a script.
export function originOf({ direct_download_url, download_url }) {
  return [direct_download_url, download_url].find((url) => /^https?:\/\//i.test(url ?? "")) ?? null;
}

// Whether the server has another version of this page: after an update it serves new files, and old ones do not fit to them.

// A page names its files below a path with a hash of all of them.
const RELEASE = /static\/app\/([0-9a-f]{16})\//;

// `own` is the address of a module of this page; `read(address)` resolves with the text of the page as the server has it now.
export async function isOutdated(own = import.meta.url, read = readPage) {
  const [, release] = RELEASE.exec(own) ?? [];
  if (release === undefined) return false; // of no release: its files are asked for each time
  const [, now] = RELEASE.exec(await read(location.href)) ?? [null, release]; // what names no release is no page of ours
  return now !== release;
}

const readPage = async (address) => (await fetch(address, { cache: "no-store" })).text();

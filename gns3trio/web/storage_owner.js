// Whose things are in the storage of the browser: copied nodes, what was typed and not saved, changes to undo, open tabs. They go
// with the login of who left them there, so that whoever uses the browser next does not find them.

import { ROOT } from "./api.js";

const OURS = "gns3trio.";
// What tells nothing of a lab stays.
const STAYS = new Set(["gns3trio.drawer.height"]);
const DRAFTS = "gns3trio.drafts.";
// Several servers may be below one address, each with its users.
const OWNER = `gns3trio owner ${ROOT}`;

// The storages of the browser, which it may forbid.
const storages = () => ["localStorage", "sessionStorage"].flatMap((name) => {
  try {
    return [globalThis[name]];
  } catch {
    return [];
  }
}).filter(Boolean);

const keysIn = (storage) => Array.from({ length: storage.length }, (_, place) => storage.key(place));

// Called first on each page: `user` is who is logged in. What another user has left is forgotten.
export function claimStorage(user) {
  for (const storage of storages()) {
    try {
      if (storage.getItem(OWNER) === user) continue;
      forget(storage);
      storage.setItem(OWNER, user);
    } catch {
      // There is no room, and so there is nothing of anybody.
    }
  }
}

// Called when the user logs out.
export function forgetAll() {
  storages().forEach(forget);
}

function forget(storage) {
  for (const key of keysIn(storage)) if (key === OWNER || (key.startsWith(OURS) && !STAYS.has(key))) storage.removeItem(key);
}

// Whether something was typed into a form of this tab and is not saved.
export const hasDrafts = () => storages().some((storage) => keysIn(storage).some((key) => key.startsWith(DRAFTS)));

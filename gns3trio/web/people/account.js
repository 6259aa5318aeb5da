// Who is logged in, at the top of the page, and what that user cannot do to a lab.

import { act, button } from "../actions.js";
import { at, get, post } from "../api.js";
import { h } from "../dom.js";
import { changeOwnPassword } from "./new_password.js";

export async function showAccount(place) {
  const { username, is_open } = await get("/v2/account");
  if (is_open) return;
  place.replaceChildren(button(username, () => changeOwnPassword(username), { className: "plain", title: "Change your password", ariaLabel: `${username}: change your password` }), " ", button("Log out", async () => {
    await post("/logout");
    location.assign(at("/login"));
  }, { className: "plain" }));
}

// What is worth telling before somebody tries it, with the privilege that is needed for it.
const WORTH_TELLING = { "Node.Allocate": "add nodes", "Node.Modify": "change nodes", "Node.PowerMgmt": "start and stop nodes", "Node.Console": "use consoles", "Link.Allocate": "add links", "Link.Modify": "set filters", "Link.Capture": "capture" };

// A sentence for the user, or "" if everything is allowed.
export function refusals(privileges) {
  const missing = Object.keys(WORTH_TELLING).filter((name) => !privileges.includes(name));
  if (missing.length === 0) return "";
  if (missing.length === Object.keys(WORTH_TELLING).length) return "You may look at this lab, but not change it.";
  return `In this lab you may not ${missing.map((name) => WORTH_TELLING[name]).join(", ")}.`;
}

// Why a user cannot do what needs a privilege.
export const refusalOf = (privilege) => `You may not ${WORTH_TELLING[privilege] ?? "do this"} in this lab (${privilege}).`;

// Shows what the user cannot do in a lab. `onKnown` gets the privileges.
export const showRefusals = act(async ({ projectId, place, onKnown }) => {
  const { privileges } = await get(`/v2/account?path=${encodeURIComponent(`/projects/${projectId}`)}`);
  const text = refusals(privileges);
  place.textContent = text;
  place.hidden = text === "";
  onKnown(privileges);
});

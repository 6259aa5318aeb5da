// Who is logged in, at the top of the page.

import { ask, button } from "../actions.js";
import { at, get, post } from "../api.js";
import { h } from "../dom.js";
import { forgetAll, hasDrafts } from "../storage_owner.js";
import { changeOwnPassword } from "./new_password.js";

export async function showAccount(place) {
  const { username, is_open } = await get("/v2/account");
  if (is_open) return;
  place.replaceChildren(button(username, () => changeOwnPassword(username), { className: "plain", title: "Change your password", ariaLabel: `${username}: change your password` }), " ", button("Log out", logOut, { className: "plain" }));
}

async function logOut() {
  const lost = h("p", {}, "What you have typed and not saved is lost.");
  if (hasDrafts() && !(await ask("Log out?", lost, "Log out", { danger: true }))) return;
  await post("/logout");
  forgetAll();
  location.assign(at("/login"));
}

// Who is logged in, at the top of the page.

import { button } from "../actions.js";
import { at, get, post } from "../api.js";
import { changeOwnPassword } from "./new_password.js";

export async function showAccount(place) {
  const { username, is_open } = await get("/v2/account");
  if (is_open) return;
  place.replaceChildren(button(username, () => changeOwnPassword(username), { className: "plain", title: "Change your password", ariaLabel: `${username}: change your password` }), " ", button("Log out", async () => {
    await post("/logout");
    location.assign(at("/login"));
  }, { className: "plain" }));
}

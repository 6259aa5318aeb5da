// Forms for users: a new one, changes, and the password with which a server stops being open to everybody.

import { request } from "../api.js";
import { h } from "../dom.js";
import { formField, openForm } from "../forms.js";
import { ME, fieldOf, passwordControl, passwordFields, sameTwice } from "./new_password.js";
import { KINDS } from "./records.js";

// What has to be sent: the fields that have changed, and the password if one was typed.
export function changesOf(values, user) {
  const sent = {};
  for (const name of ["username", "full_name", "email"]) {
    if (values[name] !== (user?.[name] ?? "")) sent[name] = values[name];
  }
  if (values.password) sent.password = values.password;
  return sent;
}

// `user` is null for a new one. Resolves with the reply, or null if the form was cancelled.
export function askForUser(user) {
  const fields = [
    formField("User name", h("input", { name: "username", required: true, minLength: 3, value: user?.username ?? "", autocomplete: "off", autofocus: true })),
    formField("Full name", h("input", { name: "full_name", value: user?.full_name ?? "" })),
    formField("E-mail", h("input", { name: "email", type: "email", value: user?.email ?? "" })),
    formField("Password", passwordControl({ required: !user }), user ? "Leave it empty to keep the present one." : "8 characters or more."),
  ];
  const submit = (values) => (user ? request("PUT", `${KINDS.users.path}/${user.user_id}`, changesOf(values, user)) : request("POST", KINDS.users.path, changesOf(values, null)));
  return openForm({ title: user ? `Change ${user.username}` : "New user", parts: fields.map(({ part }) => part), fields, confirm: user ? "Change" : "Create", busy: "Sending…", submit, fieldOf });
}

// Resolves with the reply, or null. The page is loaded anew, because from then on one has to log in.
export async function askForAdministratorsPassword() {
  const fields = passwordFields("8 characters or more. The name of the administrator is admin.");
  const done = await openForm({ title: "The administrator’s password", parts: fields.map(({ part }) => part), fields, confirm: "Set", busy: "Sending…",
    submit: (values) => request("PUT", ME, { password: sameTwice(values) }), fieldOf });
  if (done) location.reload();
  return done;
}

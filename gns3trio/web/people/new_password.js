// The fields of a new password, which is typed twice, and the form in which users change their own.

import { at, replaceLogin, request } from "../api.js";
import { h } from "../dom.js";
import { formField, openForm } from "../forms.js";
import { tell } from "../messages.js";
import { KINDS } from "./records.js";

export const ME = `${KINDS.users.path}/me`;
const CONTROL = { type: "password", autocomplete: "new-password", minLength: 8, maxLength: 100 };

// The field of a password that is typed once, such as for somebody else.
export const passwordControl = (options) => h("input", { name: "password", ...CONTROL, ...options });

export function passwordFields(hint = "8 characters or more.") {
  return [
    formField("New password", passwordControl({ required: true, autofocus: true }), hint),
    formField("The same again", h("input", { name: "again", ...CONTROL, required: true })),
  ];
}

// Throws an error of the field "again" unless both are the same.
export function sameTwice({ password, again }) {
  if (password !== again) throw new Error("again: The two passwords differ.");
  return password;
}

// The name of the field that an error message begins with.
export function fieldOf(message) {
  const [, name, text] = message.match(/^(\w+): (.*)$/s) ?? [];
  return name ? { name, text } : null;
}

export async function changeOwnPassword(username) {
  const fields = passwordFields("8 characters or more. You are logged out everywhere else.");
  const done = await openForm({ title: `Password of ${username}`, parts: fields.map(({ part }) => part), fields, confirm: "Change", busy: "Sending…", fieldOf,
    submit: (values) => replaceLogin(async () => {
      const password = sameTwice(values);
      const reply = await request("PUT", ME, { password });
      await logIn(username, password); // the present login has ended with the password
      return reply;
    }) });
  if (done) tell("Your password is changed.");
}

async function logIn(username, password) {
  const reply = await fetch(at("/login"), { method: "POST", body: new URLSearchParams({ username, password, next: location.pathname }) });
  if (!reply.ok) location.assign(at("/login"));
}

// The notes of a project: a text that GNS3 keeps as README.txt in the project's folder.

import { get } from "../api.js";
import { h } from "../dom.js";
import { formField, openForm } from "../forms.js";

const LONGEST = 200000; // characters

// Opens the notes, to be read and changed.
export async function editNotes({ lab, history }) {
  const path = `${lab.path}/notes`;
  const { text: before } = await get(path);
  const area = h("textarea", { name: "text", value: before, rows: 18, maxLength: LONGEST, autofocus: true, placeholder: "What this lab is for, how to use it, who to ask" });
  const field = formField("Text", area, "It is kept as README.txt in the project's folder and travels with it. GNS3 shows it, too.");
  return openForm({
    title: "Notes of the project", confirm: "Save", busy: "Saving…", refusal: lab.rights.refusal("Project.Modify"), parts: [field.part], fields: [field], fieldOf: () => null,
    submit: async ({ text }) => {
      const after = text.replaceAll("\r\n", "\n");
      if (after !== before) await history.change("Edit the notes of the project", [{ path, before: { text: before }, fields: { text: after } }]);
      return after;
    },
  });
}

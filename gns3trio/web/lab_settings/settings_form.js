// The form with the settings of a project.

import { formField, openForm } from "../forms.js";
import { h } from "../dom.js";
import { GROUPS, changesOf, fieldOf, valueOf } from "./settings_values.js";
import { VariableRows } from "./variable_rows.js";

export function showSettings({ lab, history }) {
  const { project } = lab;
  const fields = [];
  const parts = GROUPS.map(([title, list]) => h("fieldset", {}, h("legend", {}, title), list.map(({ name, label, type, hint, min, max }) => {
    const value = valueOf(project, name);
    const control = type === "checkbox" ? h("input", { type, name, checked: value })
      : h("input", { type, name, value, ...(type === "number" && { min, max, step: 1 }), required: name === "name", maxLength: 2000, autofocus: name === "name" });
    const field = formField(label, control, hint);
    field.part.classList.toggle("check", type === "checkbox");
    fields.push(field);
    return field.part;
  })));
  const variables = new VariableRows(project.variables ?? []);
  fields.push(variables.field);
  return openForm({
    title: "Settings of the project", confirm: "Save", busy: "Saving…", refusal: lab.rights.refusal("Project.Modify"), fields, fieldOf,
    parts: [...parts, h("fieldset", {}, h("legend", {}, "Variables"),
      h("p", { className: "hint" }, "Names with values that belong to this lab. GNS3 gives them to containers as environment variables."), variables.part)],
    submit: async () => {
      const values = Object.fromEntries(fields.filter(({ control }) => control.name).map(({ control }) => [control.name, control.type === "checkbox" ? control.checked : control.value]));
      const changes = changesOf(project, values, variables.values);
      if (!Object.keys(changes).length) return null;
      await history.change("Change the settings of the project", [{ path: lab.path, before: project, fields: changes }]);
      return changes;
    },
  });
}

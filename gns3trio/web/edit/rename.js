// Renames a node: a dialog that stays, with what was typed, until the server has taken the name.

import { h } from "../dom.js";
import { formField, openForm } from "../forms.js";
import { refusalOfName } from "./node_names.js";

export function renameNode({ lab, history }, id) {
  const node = lab.nodes.get(id);
  const field = formField("Name", h("input", { name: "name", required: true, autofocus: true, value: node.name, maxLength: 255 }));
  field.control.select();
  return openForm({
    title: `Rename ${node.name}`, parts: [field.part], fields: [field], confirm: "Rename", busy: "One moment…", fieldOf: (text) => ({ name: "name", text }),
    submit: async ({ name }) => {
      const refusal = refusalOfName(lab, id, name);
      if (refusal) throw new Error(refusal);
      const before = lab.nodes.get(id);
      if (!before) throw new Error(`${node.name} was deleted meanwhile.`);
      await history.change(`Rename ${before.name} to ${name}`, [{ path: lab.pathOf(id), before, fields: { name } }]);
      return name;
    },
  });
}

// The fields for the labels of a node and of the ends of a link: text, font, colour, rotation.

import { button } from "../actions.js";
import { h } from "../dom.js";
import { FONTS } from "../drawings/shape_fields.js";
import { StyleFields } from "../drawings/style_fields.js";
import { changeNodeLabel, changePortLabel, changedLabel } from "../edit/label_changes.js";
import { readLabelStyle } from "../map/label_style.js";

const STYLE = [
  { name: "family", label: "Font", type: "select", options: FONTS },
  { name: "size", label: "Size (pt)", type: "number", min: 4, max: 100, step: 1 },
  { name: "bold", label: "Bold", type: "checkbox" },
  { name: "italic", label: "Italic", type: "checkbox" },
  { name: "color", label: "Colour", type: "color" },
  { name: "rotation", label: "Rotation (°)", type: "number", min: -359, max: 360, step: 1 },
];
const TEXT = { name: "text", label: "Text", type: "line" };

function fieldsFor(label, fields) {
  const { family } = readLabelStyle(label.style);
  return fields.map((field) => (field.name === "family" && !FONTS.includes(family) ? { ...field, options: [family, ...FONTS] } : field));
}

const valuesOf = (label) => ({ ...readLabelStyle(label.style), text: label.text ?? "", rotation: label.rotation ?? 0 });

// The label of a node. Its text is the node's name.
export function nodeLabel(tools, id) {
  const { lab } = tools;
  const label = () => lab.nodes.get(id)?.label ?? {};
  const change = (what, after, joins = null) => changeNodeLabel(tools, `${what} of ${lab.nodes.get(id).name}`, lab.nodes.get(id), after, { joins });
  const fields = new StyleFields(fieldsFor(label(), STYLE), {
    valueOf: () => valuesOf(label()),
    keep: ({ name }, value) => change("Change the label", changedLabel(label(), name, value), `${id} label ${name}`),
  });
  return {
    element: h("div", {}, h("h3", {}, "Label"), fields.element,
      h("p", { className: "buttons" }, button("Centre above the node", () => change("Centre the label", { ...label(), x: null }))),
      h("p", { className: "hint" }, "Drag the label of a selected node, or move it with Alt and the arrow keys.")),
    draw: () => fields.draw(),
  };
}

// The labels at both ends of a link, which show the names of its ports.
export function portLabels(tools, id) {
  const { lab } = tools;
  const link = () => lab.links.get(id);
  const parts = link().nodes.slice(0, 2).map(({ node_id }, place) => {
    const label = () => link()?.nodes[place]?.label ?? {};
    const name = lab.nodes.get(node_id)?.name ?? "?";
    const change = (text, after, joins = null) => changePortLabel(tools, text, link(), place, after, { joins });
    const fields = new StyleFields(fieldsFor(label(), [TEXT, ...STYLE]), {
      valueOf: () => valuesOf(label()),
      keep: (field, value) => change(`Change the port label at ${name}`, changedLabel(label(), field.name, value), `${id} ${place} ${field.name}`),
    });
    return { fields, element: [h("h3", {}, `Port label at ${name}`), fields.element,
      h("p", { className: "buttons" }, button("Place on the wire", () => change(`Place the port label at ${name}`, { ...label(), x: null })))] };
  });
  return {
    element: h("div", {}, parts.map(({ element }) => element), h("p", { className: "hint" }, "Drag the port labels of a selected link. Text of your own is shown once a label has a place of its own.")),
    draw: () => parts.forEach(({ fields }) => fields.draw()),
  };
}

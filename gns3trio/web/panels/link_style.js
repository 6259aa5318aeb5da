// The style of a link: colour, width and dashes.

import { button } from "../actions.js";
import { h } from "../dom.js";
import { StyleFields } from "../drawings/style_fields.js";

// GNS3 numbers the types of lines as Qt does.
const TYPES = new Map([["solid", 1], ["dashes", 2], ["dots", 3], ["dash, dot", 4], ["dash, dot, dot", 5]]);
const FIELDS = [
  { name: "color", label: "Colour", type: "color" },
  { name: "width", label: "Width", type: "number", min: 1, max: 40, step: 1 },
  { name: "type", label: "Line", type: "select", options: [...TYPES.keys()] },
];

// The values of the fields for a link's style.
export const styleValues = (style) => ({ color: style?.color ?? "#000000", width: style?.width > 0 ? style.width : 2, type: [...TYPES].find(([, number]) => number === style?.type)?.[0] ?? "solid" });

// A link's style with another value of a field.
export const changedStyle = (style, name, value) => ({ ...style, [name]: name === "type" ? TYPES.get(value) : value });

export function linkStyle({ lab, history }, id) {
  const path = `${lab.path}/links/${id}`;
  const style = () => lab.links.get(id)?.link_style ?? {};
  const change = async (after, joins = null) => {
    const [link] = await history.change(`Change the style of ${lab.linkName(lab.links.get(id))}`, [{ path, before: { link_style: style() }, fields: { link_style: after } }], { joins });
    lab.apply("link.updated", link);
  };
  const fields = new StyleFields(FIELDS, {
    valueOf: () => styleValues(style()),
    keep: ({ name }, value) => change(changedStyle(style(), name, value), `${id} style ${name}`),
  });
  return {
    element: h("div", {}, h("h3", {}, "Line"), fields.element, h("p", { className: "buttons" }, button("Usual style", () => change({})))),
    draw: () => fields.draw(),
  };
}

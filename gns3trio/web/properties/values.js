// The values of the fields of a form: where they are in a node, what was changed, and which field an error is about. The server
// describes the fields (`properties` of /v2/node_types, `fields` of /v2/template_types).

// The value of a field for which the chosen nodes have different ones.
export const MIXED = Symbol("different values");

export const isEmpty = (value) => value === null || value === undefined || value === "";

// Whether two values are alike for the server. The order of keys does not matter, and null is no text.
export function areAlike(one, other) {
  if (isEmpty(one) && isEmpty(other)) return true;
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((each, at) => areAlike(each, other[at]));
  if (isObject(one) && isObject(other)) {
    return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((name) => areAlike(one[name], other[name]));
  }
  return one === other;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// The value of a field in a node, or in a template, which has all at its top.
export function valueIn(object, field) {
  const value = (field.place === "properties" ? object.properties : object)?.[field.name];
  return value === undefined ? field.default ?? null : value;
}

// The value that all of these nodes have, or MIXED.
export function commonValue(objects, field) {
  const [first, ...others] = objects.map((each) => valueIn(each, field));
  return others.every((each) => areAlike(first, each)) ? first : MIXED;
}

// The part of a request that gives fields these values. `values` are by name.
export function bodyOf(fields, values) {
  const body = {};
  for (const field of fields) {
    if (!(field.name in values)) continue;
    if (field.place === "properties") (body.properties ??= {})[field.name] = values[field.name];
    else body[field.name] = values[field.name];
  }
  return body;
}

// The part of a request that gives the changed fields of an object their present values again.
export function bodyBefore(fields, values, object) {
  return bodyOf(fields, Object.fromEntries(fields.filter(({ name }) => name in values).map((field) => [field.name, valueIn(object, field)])));
}

// The field that an error of the server is about, such as "properties.ports_mapping[2].vlan: must be <= 4094": {field, row, column,
// text}. Null for an error that is about none of these fields.
export function errorPlace(message, fields) {
  const found = /^(?:properties\.)?(\w+)(?:\[(\d+)\])?(?:\.(\w+))?: (.*)$/s.exec(message);
  const field = found && fields.find(({ name }) => name === found[1]);
  if (!field) return null;
  return { field, row: found[2] === undefined ? null : Number(found[2]), column: found[3] ?? null, text: found[4] };
}

// What is wrong with a value, before the server is asked; empty if nothing is known. `value` is NaN for what is no number.
export function objection(field, value) {
  if (field.control === "number" && Number.isNaN(value)) return "Enter a number.";
  if (isEmpty(value)) return (field.is_required && !field.may_be_null) || (field.control === "number" && !field.may_be_null) ? "This must not be empty." : "";
  if (field.control === "number") return numberObjection(field, value);
  if (field.control === "script") return bytesOf(value) > (field.max_length ?? Infinity) ? `It is longer than ${field.max_length.toLocaleString("en")} bytes.` : "";
  if (typeof value === "string" && value.length > (field.max_length ?? Infinity)) return `It is longer than ${field.max_length.toLocaleString("en")} characters.`;
  if (Array.isArray(value) && value.length > (field.max_length ?? Infinity)) return `There are more than ${field.max_length.toLocaleString("en")}.`;
  return "";
}

// The first cell of a table that is wrong, as {row, column, text}; null if nothing is known.
export function cellObjection({ columns }, rows) {
  for (const [row, cells] of rows.entries()) {
    for (const column of columns) {
      const text = column.name in cells && column.is_shown !== false ? objection(column, cells[column.name]) : "";
      if (text) return { row, column: column.name, text };
    }
  }
  return null;
}

function numberObjection({ minimum = -Infinity, maximum = Infinity, is_whole: isWhole }, value) {
  if (isWhole && !Number.isInteger(value)) return "Enter a whole number.";
  if (value >= minimum && value <= maximum) return "";
  if (maximum === Infinity) return `It must be at least ${minimum}.`;
  return minimum === -Infinity ? `It must be at most ${maximum}.` : `It must be from ${minimum} to ${maximum}.`;
}

export const bytesOf = (text) => new TextEncoder().encode(text).length;

// When changes take effect, for nodes of which some run: a sentence, empty if all act now. `running` are their names.
export function whenText(fields, running) {
  const later = fields.filter(({ takes_effect: when }) => when === "start").map(({ label }) => label);
  if (running.length === 0 || later.length === 0) return "";
  const verb = later.length === 1 ? "takes" : "take";
  const who = running.length === 1 ? `${running[0]} starts` : "they start";
  return `${later.join(", ")} ${verb} effect when ${who} the next time.`;
}

const GROUPS = ["General", "Network", "Disks", "Console", "Advanced"];

// The fields by group, in the order in which groups are shown: [name, fields] of each.
export function grouped(fields) {
  const groups = new Map(GROUPS.map((name) => [name, []]));
  for (const field of fields) {
    if (!groups.has(field.group)) groups.set(field.group, []);
    groups.get(field.group).push(field);
  }
  return [...groups].filter(([, members]) => members.length > 0);
}

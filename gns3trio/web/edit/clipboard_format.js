// Objects of a lab as the text of a clipboard: JSON, which may come from anybody. It is read field by field, so that it has only what
// the page itself writes; whether the values are allowed is what the server checks when they are created.

const FORMAT = "gns3trio-objects";
const VERSION = 1;
// What is pasted at once at most.
export const MOST_OBJECTS = 2000;
const MOST_CHARACTERS = 5_000_000;

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const TYPES = {
  text: (value) => typeof value === "string",
  number: Number.isSafeInteger,
  flag: (value) => typeof value === "boolean",
  object: isObject,
  list: Array.isArray,
};
const optional = (type) => (value) => value === null || value === undefined || TYPES[type](value);

// The fields of each kind that are copied. An id is only used to find the ends of links.
const NODE = {
  node_id: TYPES.text, name: TYPES.text, node_type: TYPES.text, compute_id: TYPES.text, x: TYPES.number, y: TYPES.number, z: optional("number"),
  symbol: optional("text"), width: optional("number"), height: optional("number"), label: optional("object"), properties: optional("object"),
  template_id: optional("text"), console_type: optional("text"), console_auto_start: optional("flag"), port_name_format: optional("text"),
  port_segment_size: optional("number"), first_port_name: optional("text"), custom_adapters: optional("list"), engine: optional("text"),
};
const END = { node_id: TYPES.text, adapter_number: TYPES.number, port_number: TYPES.number, label: optional("object") };
const LINK = { link_id: TYPES.text, nodes: TYPES.list, filters: optional("object"), link_style: optional("object"), suspend: optional("flag") };
const DRAWING = { drawing_id: TYPES.text, x: TYPES.number, y: TYPES.number, z: optional("number"), rotation: optional("number"), svg: TYPES.text };
const FILE = { name: TYPES.text, text: TYPES.text };
const IMPAIRMENTS = { impairments: TYPES.list, seed: optional("number") };

// What stands for a copy in a clipboard that cannot be written later: the beginning of its text.
export const markOf = (id) => JSON.stringify({ format: FORMAT, version: VERSION, mark: id });
export const isMark = (text) => text.length < 200 && isObject(parse(text)) && parse(text).format === FORMAT && "mark" in parse(text);

// The objects are those of `readObjects`. Of the files of nodes, their start-up scripts are copied.
// `scriptOf(type)` is the name of the file with the script of a type, or null.
export function writeObjects({ nodes, links, drawings }, mark, scriptOf) {
  const withScripts = nodes.map(({ body, files }) => ({ body, files: files.filter(({ name }) => name === scriptOf(body.node_type)) }));
  return JSON.stringify({ ...JSON.parse(mark), nodes: withScripts, links, drawings });
}

// Whether a text is the copy that a mark stands for.
export const isMarkedBy = (text, mark) => text.startsWith(mark.slice(0, -1));

// The objects in a text. Throws an Error with the reason if there are none that can be pasted.
export function parseObjects(text, scriptOf) {
  if (!text.trim()) throw new Error("The clipboard is empty: copy something on the map first.");
  if (text.length > MOST_CHARACTERS) throw new Error("What is in the clipboard is too large for a lab.");
  const read = parse(text);
  if (!isObject(read) || read.format !== FORMAT) throw new Error("What is in the clipboard was not copied from a lab.");
  if (read.version !== VERSION) throw new Error("What is in the clipboard was copied from another version of this page.");
  const [nodes, links, drawings] = ["nodes", "links", "drawings"].map((name) => listOf(read, name));
  if (nodes.length + links.length + drawings.length > MOST_OBJECTS) throw new Error(`What is in the clipboard has more than ${MOST_OBJECTS} objects.`);
  const objects = {
    nodes: nodes.map((each, place) => ({ body: pick(each.body, NODE, `nodes[${place}]`), files: listOf(each, "files").map((file) => pick(file, FILE, `nodes[${place}].files`)) })),
    links: links.map((each, place) => ({
      body: { ...pick(each.body, LINK, `links[${place}]`), nodes: (each.body.nodes ?? []).map((end) => pick(end, END, `links[${place}].nodes`)) },
      impairments: pick(each.impairments, IMPAIRMENTS, `links[${place}].impairments`),
    })),
    drawings: drawings.map((each, place) => ({ body: pick(each.body, DRAWING, `drawings[${place}]`) })),
  };
  check(objects, scriptOf);
  return objects;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function listOf(object, name) {
  const list = object[name] ?? [];
  if (!Array.isArray(list) || !list.every(isObject)) throw damaged(name);
  return list;
}

function pick(object, fields, name) {
  if (!isObject(object)) throw damaged(name);
  const picked = {};
  for (const [field, isRight] of Object.entries(fields)) {
    const value = Object.hasOwn(object, field) ? object[field] : undefined;
    if (!isRight(value)) throw damaged(`${name}.${field}`);
    if (value !== undefined) picked[field] = value;
  }
  return picked;
}

function check({ nodes, links }, scriptOf) {
  const ids = new Set(nodes.map(({ body }) => body.node_id));
  for (const [place, { body }] of links.entries()) {
    if (body.nodes.length !== 2 || !body.nodes.every((end) => ids.has(end.node_id))) throw damaged(`links[${place}].nodes`);
  }
  for (const [place, { body, files }] of nodes.entries()) {
    if (!files.every(({ name }) => name === scriptOf(body.node_type))) throw damaged(`nodes[${place}].files`);
  }
}

const damaged = (name) => new Error(`What is in the clipboard is damaged at ${name}.`);

// What requests do to objects, as far as it can be compared with what a server has.

const IDS = ["node_id", "link_id", "drawing_id"];
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

// The ids of the objects that a request concerns, its own first. A link is also concerned by what happens to its nodes. Of a request
// for something else, such as the project, its path.
export function objectsOf({ path, body }) {
  const inPath = [...path.matchAll(/\/(?:nodes|links|drawings)\/([0-9a-f-]{36})/g)].map(([, id]) => id);
  if (inPath.length) return inPath;
  const made = IDS.map((name) => body?.[name]).filter(Boolean);
  if (!made.length) return [path];
  return [...made, ...(Array.isArray(body.nodes) ? body.nodes.map((end) => end?.node_id).filter(Boolean) : [])];
}

// Of `value`, what has the shape of `like`: the same fields, and as many members.
export function pickLike(value, like) {
  if (isObject(like) && isObject(value)) return Object.fromEntries(Object.keys(like).filter((name) => name in value).map((name) => [name, pickLike(value[name], like[name])]));
  if (Array.isArray(like) && Array.isArray(value) && like.length === value.length) return value.map((each, place) => pickLike(each, like[place]));
  return value;
}

// Whether two values of JSON are the same, in whatever order their fields are.
export function isSame(a, b) {
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a);
    return names.length === Object.keys(b).length && names.every((name) => name in b && isSame(a[name], b[name]));
  }
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, place) => isSame(each, b[place]));
  return a === b;
}

// What the server has at a path after a request was answered: {path, isGone} or {path, fields}. Null if that cannot be compared.
export function stateAfter({ method, path, body }, reply) {
  if (method === "DELETE") return { path, isGone: true };
  if (path.endsWith("/positions")) return null; // of many nodes, which may have moved on: nothing else is lost by that
  if (!isObject(body) || !isObject(reply)) return null;
  const id = IDS.map((name) => body[name]).find(Boolean);
  if (method === "POST" && id) return { path: `${path}/${id}`, name: reply.name, fields: pickLike(reply, body) };
  return method === "PUT" ? { path, name: reply.name, fields: pickLike(reply, body) } : null;
}

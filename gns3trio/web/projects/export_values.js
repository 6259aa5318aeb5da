// What the dialog of an export tells and asks for.

const MOST_NAMES = 6;

// The names of the nodes that have to be stopped before an export. A node that cannot be stopped does not matter.
export function runningNames(nodes, types) {
  const always = new Set(types.filter((type) => type.always_runs).map(({ node_type }) => node_type));
  const names = nodes.filter(({ node_type, status }) => status !== "stopped" && !always.has(node_type)).map(({ name }) => name);
  return names.toSorted((one, other) => one.localeCompare(other, "en", { numeric: true }));
}

export function runningText(names) {
  if (names.length === 1) return `Stop ${names[0]} first, which runs`;
  const listed = names.slice(0, MOST_NAMES).join(", ") + (names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "");
  return `Stop the ${names.length} nodes first that run: ${listed}`;
}

export function exportQuery({ snapshots, images }) {
  const wanted = [snapshots && "include_snapshots=yes", images && "include_images=yes"].filter(Boolean);
  return wanted.length ? `?${wanted.join("&")}` : "";
}

// The name of a project as that of a file.
export const safeName = (name) => name.replace(/[/\\:*?"<>|]/g, "_").replace(/^\.+/, "") || "lab";

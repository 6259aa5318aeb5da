// The filters of a link as values: what the panel's fields show of them, and what they are after a change.

// GNS3's filters: name, place in the filter's values, label, unit, what the slider reaches. The number beside it goes further.
export const SLIDERS = [
  ["delay", 0, "Delay", "ms", 300],
  ["delay", 1, "Jitter ±", "ms", 100],
  ["packet_loss", 0, "Loss", "%", 100],
  ["corrupt", 0, "Corrupt", "%", 100],
];

// The fields of our own filters in a direction: one for each type, as the server describes it; in both directions, only for what GNS3's
// filters lack. Each has a key, the type, its direction and its field in the API, a label and unit, what the slider reaches (nothing for
// a text), how many of what it shows are one of the field (factor), and what a new filter has besides (rest).
export function ownFields(types, direction) {
  return types.filter((type) => direction !== "both" || !type.gns3_filter).flatMap(({ type, title, parameters }) => {
    const [first, ...others] = parameters.filter((parameter) => parameter.required);
    const isText = first?.kind === "text";
    if (!(first?.slider || isText) || others.some((parameter) => parameter.suggested === null)) return [];
    const rest = Object.fromEntries(others.map((parameter) => [parameter.name, parameter.suggested]));
    const { maximum = null, unit = "", factor = 1 } = first.slider ?? {};
    return [{ key: `${direction} ${type}`, type, direction, field: first.name, label: title, unit, least: first.minimum ?? 0, maximum, factor, isText, rest }];
  });
}

const isOf = ({ type, direction }) => (impairment) => impairment.type === type && impairment.direction === direction;

// What the field of one of GNS3's filters shows. Its key is the filter's name and the place among its values.
export function filterValue(filters, key) {
  const [name, place] = key.split(" ");
  return filters?.[name]?.[place] ?? (name === "bpf" ? "" : 0);
}

// What the field of one of our own filters shows.
export function ownValue(impairments, of) {
  const found = impairments.find(isOf(of));
  if (of.isText) return found?.[of.field] ?? "";
  return found ? found[of.field] / of.factor : 0;
}

// The filters of a link after some of their values were changed, by key. A filter without its first value is none.
export function changeFilters(filters, changes) {
  const after = { ...filters };
  for (const [key, value] of changes) {
    const [name, place] = key.split(" ");
    const values = name === "delay" ? [0, 0] : [];
    Object.assign(values, after[name], { [place]: name === "bpf" ? value.trim() : Number(value) || 0 });
    after[name] = values;
  }
  const jitterAlone = Boolean(after.delay && !after.delay[0] && after.delay[1]); // what it would vary is none
  return { filters: Object.fromEntries(Object.entries(after).filter(([, values]) => values[0])), jitterAlone };
}

// Our own filters after some fields were changed, by key: each filter stays where it is, with what the fields do not show.
export function changeImpairments(impairments, changes, fields) {
  const after = [...impairments];
  for (const [key, value] of changes) {
    const of = fields.find((each) => each.key === key);
    const place = after.findIndex(isOf(of));
    const shown = { [of.field]: of.isText ? value.trim() : Number(value) * of.factor };
    if (place < 0 && shown[of.field]) after.push({ type: of.type, ...shown, ...of.rest, direction: of.direction });
    else if (shown[of.field]) after[place] = { ...after[place], ...shown };
    else if (place >= 0) after.splice(place, 1);
  }
  return after;
}

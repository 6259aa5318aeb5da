// The filters of a link as values: what the panel's fields show of them, and what they are after a change.

// GNS3's filters: name, place in the filter's values, label, unit, what the slider reaches. The number beside it goes further.
export const SLIDERS = [
  ["delay", 0, "Delay", "ms", 300],
  ["delay", 1, "Jitter ±", "ms", 100],
  ["packet_loss", 0, "Loss", "%", 100],
  ["corrupt", 0, "Corrupt", "%", 100],
];

// The order of the fields, whichever direction they are for: GNS3's sliders, what it lacks (null), and its fields without a slider.
const ORDER = [...new Set(SLIDERS.map(([name]) => name)), null, "frequency_drop", "bpf"];
const orderOf = ({ gns3_filter: name = null }) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

// What fields say that are no sliders, whichever direction they are for.
export const LABELS = { __proto__: null, frequency: "Drop each n-th frame (0 none, −1 all)", bpf: "Drop what matches (BPF)" };
const OPTIONAL_LABELS = { __proto__: null, jitter_milliseconds: "Jitter ±" };

// The fields of our own filters in a direction: one for each type, as the server describes it, and one for what may be added to it; in
// both directions, only for what GNS3's filters lack. Each has a key, the type, its direction and its field in the API, a label and
// unit, what the slider reaches (nothing for a text), how many of what it shows are one of the field (factor), what a new filter has
// besides (rest), whether it is no slider (isPlain), and whether it only adds to a filter that is there (isAddition).
export function ownFields(types, direction) {
  return types.filter((type) => direction !== "both" || !type.gns3_filter).toSorted((a, b) => orderOf(a) - orderOf(b)).flatMap(({ type, title, parameters }) => {
    const [first, ...others] = parameters.filter((parameter) => parameter.required);
    const isText = first?.kind === "text";
    if (!(first?.slider || isText) || others.some((parameter) => parameter.suggested === null)) return [];
    const rest = Object.fromEntries(others.map((parameter) => [parameter.name, parameter.suggested]));
    const isPlain = isText || first.minimum < 0; // less than nothing is not the end of a slider
    const fieldOf = (parameter, more) => {
      const { maximum = null, unit = "", factor = 1 } = parameter.slider ?? {};
      return { type, direction, field: parameter.name, unit, least: parameter.minimum ?? 0, maximum, factor, isText, isPlain, ...more };
    };
    const fields = parameters.filter(({ required, slider }) => !required && slider).map((each) =>
      fieldOf(each, { key: `${direction} ${type} ${each.name}`, label: OPTIONAL_LABELS[each.name] ?? each.name, rest: {}, isAddition: true }));
    fields.unshift(fieldOf(first, { key: `${direction} ${type}`, label: (isPlain && LABELS[type]) || title, rest, isAddition: false }));
    return fields;
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
  return (found?.[of.field] ?? 0) / of.factor;
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
    if (of.isAddition) {
      if (place >= 0) after[place] = { ...after[place], ...shown };
    } else if (place < 0 && shown[of.field]) after.push({ type: of.type, ...shown, ...of.rest, direction: of.direction });
    else if (shown[of.field]) after[place] = { ...after[place], ...shown };
    else if (place >= 0) after.splice(place, 1);
  }
  return after;
}

// Whether a value was given for what only adds to a filter, and the filter is not there.
export const isAddedToNothing = (impairments, changes, fields) =>
  [...changes].some(([key, value]) => {
    const of = fields.find((each) => each.key === key);
    return of.isAddition && Number(value) && !impairments.some(isOf(of));
  });

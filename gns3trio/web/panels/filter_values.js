// The filters of a link as values: what the panel's fields show of them, and what they are after a change.

// GNS3's filters: name, place in the filter's values, label, unit, what the slider reaches. The number beside it goes further.
export const SLIDERS = [
  ["delay", 0, "Delay", "ms", 300],
  ["delay", 1, "Jitter ±", "ms", 100],
  ["packet_loss", 0, "Loss", "%", 100],
  ["corrupt", 0, "Corrupt", "%", 100],
];
// Our own filters, in both directions: type, field, label, unit, what the slider reaches, how many of what is shown are one of the field.
export const OWN_SLIDERS = [
  ["rate", "bits_per_second", "Rate limit", "kbit/s", 10000, 1000],
  ["duplicate", "percent", "Duplicate", "%", 100, 1],
  ["reorder", "percent", "Reorder", "%", 100, 1],
];
const REORDER_MS = 10;

const isSlider = (type) => (impairment) => impairment.type === type && impairment.direction === "both";

// What the field of one of GNS3's filters shows. Its key is the filter's name and the place among its values.
export function filterValue(filters, key) {
  const [name, place] = key.split(" ");
  return filters?.[name]?.[place] ?? (name === "bpf" ? "" : 0);
}

// What the field of one of our own filters shows. Its key is the type.
export function ownValue(impairments, type) {
  const [, name, , , , factor] = OWN_SLIDERS.find(([each]) => each === type);
  const found = impairments.find(isSlider(type));
  return found ? found[name] / factor : 0;
}

// Our own filters that no field shows, in words.
export const describeHidden = (impairments) =>
  impairments.filter((each) => !OWN_SLIDERS.some(([type]) => isSlider(type)(each)))
    .map((each) => `${each.type} (${each.direction.replaceAll("_", " ")})`).join(", ");

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

// Our own filters after some sliders were moved: each stays where it is, with what the sliders do not show.
export function changeImpairments(impairments, changes) {
  const after = [...impairments];
  for (const [type, value] of changes) {
    const [, name, , , , factor] = OWN_SLIDERS.find(([each]) => each === type);
    const place = after.findIndex(isSlider(type));
    const field = { [name]: Number(value) * factor };
    if (place < 0 && field[name]) after.push({ type, ...field, ...(type === "reorder" ? { milliseconds: REORDER_MS } : {}) });
    else if (field[name]) after[place] = { ...after[place], ...field };
    else if (place >= 0) after.splice(place, 1);
  }
  return after;
}

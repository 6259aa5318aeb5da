// The filters of a link as values: what the panel's fields show of them, and what they are after a change.

// GNS3's filters: name, place in the filter's values, label, unit, what the slider reaches. The number beside it goes further.
export const SLIDERS = [
  ["delay", 0, "Delay", "ms", 300],
  ["delay", 1, "Jitter ±", "ms", 100],
  ["packet_loss", 0, "Loss", "%", 100],
  ["corrupt", 0, "Corrupt", "%", 100],
];

// The sliders of our own filters, in both directions: one for each type that GNS3's filters lack, as the server describes it. Each has the
// type and its field, a label and unit, what the slider reaches, how many of what it shows are one of the field (factor), and what a
// new filter has besides (rest).
export function ownSliders(types) {
  return types.filter((type) => !type.gns3_filter).flatMap(({ type, title, parameters }) => {
    const [first, ...others] = parameters.filter((parameter) => parameter.required);
    if (!first?.slider || others.some((parameter) => parameter.suggested === null)) return [];
    const rest = Object.fromEntries(others.map((parameter) => [parameter.name, parameter.suggested]));
    const { maximum, unit, factor } = first.slider;
    return [{ type, field: first.name, label: title, unit, maximum, factor, rest }];
  });
}

const isSlider = (type) => (impairment) => impairment.type === type && impairment.direction === "both";

// What the field of one of GNS3's filters shows. Its key is the filter's name and the place among its values.
export function filterValue(filters, key) {
  const [name, place] = key.split(" ");
  return filters?.[name]?.[place] ?? (name === "bpf" ? "" : 0);
}

// What the field of one of our own filters shows.
export function ownValue(impairments, { type, field, factor }) {
  const found = impairments.find(isSlider(type));
  return found ? found[field] / factor : 0;
}

// Our own filters that no field shows, in words.
export const describeHidden = (impairments, sliders) =>
  impairments.filter((each) => !sliders.some(({ type }) => isSlider(type)(each)))
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

// Our own filters after some sliders were moved, by type: each stays where it is, with what the sliders do not show.
export function changeImpairments(impairments, changes, sliders) {
  const after = [...impairments];
  for (const [type, value] of changes) {
    const { field, factor, rest } = sliders.find((slider) => slider.type === type);
    const place = after.findIndex(isSlider(type));
    const shown = { [field]: Number(value) * factor };
    if (place < 0 && shown[field]) after.push({ type, ...shown, ...rest });
    else if (shown[field]) after[place] = { ...after[place], ...shown };
    else if (place >= 0) after.splice(place, 1);
  }
  return after;
}

// The dialog that adds several nodes at once.

import { h } from "../dom.js";
import { formField, openForm } from "../forms.js";
import { counted } from "../format.js";
import { MOST, createSeveral, placesOf } from "./several.js";
import { nextNumber, patternOf } from "./numbering.js";

const USUAL = 5;
// Which field a refusal of the server is about.
const FIELDS = { name: "names", startup_script: "script", target: "target" };

export const fieldOf = (message) => {
  const [, name, text] = /^(?:properties\.)?(\w+): (.*)$/s.exec(message) ?? [];
  return FIELDS[name] ? { name: FIELDS[name], text } : null;
};

// `kinds` is the choice of types in the toolbar, `host` where new nodes run; `selected` is the node that is selected, or null; the nodes
// are added around `point`, or below the one with which they are linked. Resolves with them, or null if the user has cancelled it.
export function addSeveral(tools, { kinds, host, selected, point }) {
  const { lab } = tools;
  const names = () => [...lab.nodes.values()].map(({ name }) => name);
  const typeOf = (kind) => lab.types.get(lab.templates.get(kind)?.template_type ?? kind);
  const kind = h("select", { name: "kind" }, optionsOf(kinds, lab));
  if ([...kind.options].some(({ value }) => value === kinds.value)) kind.value = kinds.value;
  const count = h("input", { name: "count", type: "number", min: 1, max: MOST, value: USUAL, required: true });
  const pattern = h("input", { name: "names", required: true, maxLength: 200, autocomplete: "off", spellcheck: false });
  const first = h("input", { name: "first", type: "number", min: 0, max: 999999, required: true });
  const target = h("select", { name: "target" }, h("option", { value: "" }, "nothing"), targetsOf(lab, selected));
  const script = h("textarea", { name: "script", className: "code", rows: 3, spellcheck: false, autocapitalize: "off", autocomplete: "off" });
  const scriptField = formField("Start-up script", script, "{n} stands for the number of each: ip 10.0.0.{n}/24. %h stands for its name.");
  const fields = [formField("Type", kind), formField("How many", count), formField("Names", pattern, "{n} stands for the number."), formField("First number", first),
    formField("Link each to", target), scriptField];
  const edited = new Set(); // controls with a text of the user, which stays
  for (const each of [pattern, first, script]) each.addEventListener("input", () => edited.add(each));
  const hasScript = () => !lab.templates.has(kind.value) && Boolean(typeOf(kind.value)?.script_file);

  function showKind() {
    const template = lab.templates.get(kind.value);
    const format = template?.default_name_format ?? typeOf(kind.value).name_format;
    if (!edited.has(pattern)) pattern.value = patternOf(format.replaceAll("{name}", template?.name ?? ""));
    if (!edited.has(script)) script.value = typeOf(kind.value)?.default_script ?? "";
    scriptField.part.hidden = !hasScript();
    showFirst();
  }

  function showFirst() {
    if (!edited.has(first)) first.value = nextNumber(patternOf(pattern.value), names());
  }

  kind.addEventListener("change", showKind);
  pattern.addEventListener("input", showFirst);
  if (selected && [...target.options].some(({ value }) => value === selected.node_id)) target.value = selected.node_id;
  showKind();
  return openForm({
    title: "Add several nodes",
    parts: fields.map(({ part }) => part),
    fields,
    confirm: "Add",
    busy: "Adding…",
    fieldOf,
    submit: () => {
      const to = lab.nodes.get(target.value) ?? null;
      const numbers = Array.from({ length: count.valueAsNumber }, (_, made) => first.valueAsNumber + made);
      return createSeveral(tools, {
        kind: kind.value, host, pattern: patternOf(pattern.value), numbers, script: hasScript() && script.value.trim() ? script.value : null, target: to,
        places: placesOf(numbers.length, point, to, lab.nodes.values()),
      });
    },
  });
}

// The types and templates of the toolbar, without those that need an image for each node.
function optionsOf(kinds, lab) {
  const needsImage = ({ value }) => Boolean(lab.types.get(value)?.image_property);
  const copies = [...kinds.cloneNode(true).children];
  return copies.filter((each) => !(each instanceof HTMLOptionElement && needsImage(each)));
}

// The nodes with which several can be linked, and the one that is selected, in the order of their names.
function targetsOf(lab, selected) {
  const byName = new Intl.Collator("en", { numeric: true });
  return [...lab.nodes.values()].map((node) => ({ node, free: lab.freePorts(node).length }))
    .filter(({ node, free }) => free > 1 || (free === 1 && node === selected))
    .toSorted((a, b) => byName.compare(a.node.name, b.node.name))
    .map(({ node, free }) => h("option", { value: node.node_id }, `${node.name} (${counted(free, "free port")})`));
}

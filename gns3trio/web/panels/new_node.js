// The dialog for a new node of a type that works with an image.

import { get } from "../api.js";
import { h } from "../dom.js";
import { formField, openForm } from "../forms.js";

const HINT = "Its name. The list has those that the host has now.";

// The images of a host that nodes of the type can use; none if the host cannot tell. "auto" may still become any host.
export async function imagesOf(type, computeId) {
  try {
    const images = await get(`/v2/computes/${computeId === "auto" ? "local" : computeId}/${type.node_type}/images`);
    return images.map((each) => each.image ?? each.path);
  } catch {
    return [];
  }
}

// What a refusal says of the image, as {name, text}; null if it is about something else.
export function imageError(type, message) {
  const [before, after] = message.split(`properties.${type.image_property}: `);
  return after === undefined ? null : { name: "image", text: `${before}${after}` };
}

// `create(properties)` makes the node. Resolves with what it has returned, or null if the dialog was cancelled.
export async function askForImage(type, computeId, create) {
  const names = await imagesOf(type, computeId);
  const list = h("datalist", { id: "images-of-host" }, names.map((value) => h("option", { value })));
  const input = h("input", { name: "image", autocomplete: "off", spellcheck: false });
  input.setAttribute("list", list.id);
  const field = formField("Image", input, HINT);
  return openForm({
    title: `New ${type.title} node`,
    parts: [field.part, list],
    fields: [field],
    confirm: "Add",
    busy: "Adding…",
    submit: ({ image }) => create(image ? { [type.image_property]: image } : {}),
    fieldOf: (message) => imageError(type, message),
  });
}

// The dialog that installs an appliance: its versions, their images, and what is missing.

import { act, button } from "../actions.js";
import { get, post } from "../api.js";
import { h } from "../dom.js";
import { tell } from "../messages.js";
import { formatSize, freeName, originOf } from "./send_image.js";

// `send(base, name, file)` sends an image, and resolves when it is there; `onChange` is called when images have changed; `rights` are those
// for images.
export function showInstall(file, { send, onChange, rights }) {
  const versions = h("select", { name: "version", ariaLabel: "Version", onchange: act(show) },
    file.versions.map((name) => h("option", { value: name }, name)));
  const rows = h("tbody");
  const hint = h("p", { className: "hint", role: "status" });
  const install = button("Install", make, { className: "primary" });
  const dialog = h("dialog", { className: "form", ariaLabel: `Install ${file.name}` }, h("h2", {}, `Install ${file.name}`),
    file.versions.length > 0 ? h("label", { className: "field" }, h("span", {}, "Version"), versions) : null,
    h("table", {}, rows), hint,
    h("p", { className: "buttons" }, h("button", { type: "button", onclick: () => dialog.close() }, "Close"), install));
  const base = `/v2/computes/local/${file.template_type}`;

  async function show() {
    const query = versions.value ? `?version=${encodeURIComponent(versions.value)}` : "";
    const { images } = await get(`/v2/appliances/${file.appliance_id}${query}`);
    rows.replaceChildren(...images.map(row));
    const missing = images.filter((image) => image.path === null).length;
    install.disabled = missing > 0;
    hint.textContent = missing === 0 ? "Nothing is missing." : "Get the missing images, unpack them, and choose the files. They are recognized by their checksums.";
  }

  function row(image) {
    const origin = originOf(image);
    const input = h("input", { type: "file", hidden: true, onchange: act(async () => {
      const taken = (await get(`${base}/images`)).map((each) => each.path);
      await send(base, freeName(image.filename, image.md5sum, taken), input.files[0]);
      await Promise.all([show(), onChange()]);
    }) });
    return h("tr", {}, h("td", {}, image.filename, h("p", { className: "hint" }, `${formatSize(image.filesize)} md5 ${image.md5sum ?? "unknown"}`)),
      h("td", {}, image.path === null ? h("span", { className: "error" }, "missing") : image.path),
      h("td", {}, image.path === null && origin ? h("a", { href: origin, rel: "noreferrer noopener", target: "_blank" }, "Where to get it") : null),
      h("td", { className: "buttons" }, image.path === null ? [rights.guard("Image.Allocate", button("Choose file…", async () => input.click())), input] : null));
  }

  async function make() {
    const template = await post(`/v2/appliances/${file.appliance_id}/install`, { version: versions.value || null });
    tell(`The template ${template.name} was made.`);
    dialog.close();
  }

  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return show();
}

// The page of images and appliances.

import { act, ask, button } from "../actions.js";
import { get, remove, request } from "../api.js";
import { h, heads, setText } from "../dom.js";
import { tell } from "../messages.js";
import { Rights } from "../people/rights.js";
import { showInstall } from "./install.js";
import { formatSize, sendImage } from "./send_image.js";

const BASE = "/v2/computes/local/qemu";
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function showImages(main) {
  document.title = "Images · gns3trio";
  const [images, appliances, sending] = [h("tbody"), h("tbody"), h("div")];
  const [noImage, noAppliance] = [h("p", { className: "hint", hidden: true }), h("p", { className: "hint", hidden: true })];
  const rights = new Rights("/images");
  const ofAppliances = new Rights("/appliances");
  const chosen = h("input", { type: "file", multiple: true, hidden: true, id: "image-file", onchange: act(sendChosen) });
  const added = h("input", { type: "file", accept: ".gns3a,.gns3appliance", hidden: true, id: "appliance-file", onchange: act(add) });
  main.replaceChildren(h("section", { className: "projects" },
    h("div", { className: "buttons head" }, h("h1", {}, "Images"), rights.guard("Image.Allocate", button("Upload…", async () => chosen.click(), { className: "primary" })), chosen),
    sending,
    h("table", { id: "images" }, heads(["Image", "Size", "MD5", ""]), images), noImage,
    h("div", { className: "buttons head" }, h("h1", {}, "Appliances"), ofAppliances.guard("Appliance.Allocate", button("Add…", async () => added.click())), added),
    h("table", { id: "appliances" }, heads(["Appliance", "Type", "Versions", ""]), appliances),
    noAppliance));

  async function showList() {
    const refusal = rights.refusal("Image.Audit");
    const [there, unfinished] = await Promise.all([refusal ? [] : get(`${BASE}/images`), rights.has("Image.Allocate") ? get(`${BASE}/uploads`) : []]);
    images.replaceChildren(...there.map(imageRow), ...unfinished.map(uploadRow));
    setText(noImage, refusal || "There is no image yet: disks, kernels and CD-ROMs of QEMU machines.");
    noImage.hidden = there.length + unfinished.length > 0;
  }

  async function showAppliances() {
    const refusal = ofAppliances.refusal("Appliance.Audit");
    const files = refusal ? [] : await get("/v2/appliance_files");
    appliances.replaceChildren(...files.map(applianceRow));
    setText(noAppliance, refusal || "There is no appliance yet. GNS3 has some two hundred as .gns3a files.");
    noAppliance.hidden = files.length > 0;
  }

  function imageRow(image) {
    return h("tr", {}, h("td", {}, image.path), h("td", {}, formatSize(image.filesize)), h("td", {}, h("code", {}, image.md5sum ?? "")),
      h("td", { className: "buttons" }, rights.guard("Image.Allocate", button("Delete", async () => {
        const warning = h("p", {}, "Machines that use it cannot be started any more.");
        if (await ask(`Delete ${image.path}?`, warning, "Delete", { danger: true })) await remove(`${BASE}/images/${encodeURI(image.path)}`);
        await showList();
      }, { className: "danger" }))));
  }

  function uploadRow(upload) {
    const told = `${formatSize(upload.offset)} of ${formatSize(upload.size)}: choose the same file again to go on`;
    return h("tr", {}, h("td", {}, upload.filename), h("td", {}, told), h("td", {}, upload.md5sum ?? ""),
      h("td", { className: "buttons" }, button("Give up", async () => {
        await remove(`${BASE}/uploads/${upload.upload_id}`);
        await showList();
      })));
  }

  function applianceRow(file) {
    const versions = file.problem ? h("span", { className: "error" }, file.problem) : file.versions.slice(0, 5).join(", ") + (file.versions.length > 5 ? ", …" : "");
    return h("tr", {}, h("td", {}, file.name ?? file.file), h("td", {}, file.template_type ?? ""), h("td", {}, versions),
      h("td", { className: "buttons" }, file.problem ? null : ofAppliances.guard("Appliance.Allocate", button("Install…", () => showInstall(file, { send, onChange: showList, rights })))));
  }

  async function sendChosen() {
    const files = [...chosen.files];
    chosen.value = "";
    for (const file of files) await replaceOrSend(file);
  }

  async function replaceOrSend(file) {
    const [there, unfinished] = await Promise.all([get(`${BASE}/images`), get(`${BASE}/uploads`)]);
    const warning = h("p", {}, "Machines that use it then find another disk.");
    if (there.some((image) => image.path === file.name) && !(await ask(`Replace ${file.name}?`, warning, "Replace", { danger: true }))) return;
    const same = unfinished.find((each) => each.filename === file.name && each.size === file.size && each.md5sum === null);
    await send(BASE, file.name, file, same);
  }

  async function send(base, name, file, unfinished) {
    const bar = h("progress", { max: 1, value: 0, ariaLabel: `Progress of ${name}` });
    const line = h("p", {}, `${name} `, bar);
    sending.append(line);
    try {
      await sendImage({ base, name, file, unfinished, request, wait, onProgress: (done, size) => { bar.value = size ? done / size : 1; } });
      tell(`${name} has arrived.`);
    } finally {
      line.remove();
      await showList();
    }
  }

  async function add() {
    const [file] = added.files;
    added.value = "";
    await request("POST", "/v2/appliance_files", file);
    await showAppliances();
  }

  return act(async () => {
    await Promise.all([rights.read(), ofAppliances.read()]);
    await Promise.all([showList(), showAppliances()]);
  })();
}

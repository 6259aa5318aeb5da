// The files of a node: viewing and editing texts, uploading, downloading, deleting. A changed text can be undone.

import { act, ask, button } from "../actions.js";
import { at, get, getBytes, remove, request } from "../api.js";
import { h, heads, setText } from "../dom.js";
import { counted } from "../format.js";
import { formField, openForm } from "../forms.js";
import { formatSize } from "../images/send_image.js";
import { tell } from "../messages.js";
import { LARGEST_TEXT, asText, changedAt, nameProblem, pathOfFile } from "./file_text.js";

export class NodeFiles {
  constructor({ lab, history }, id) {
    Object.assign(this, { lab, history, id, path: `${lab.path}/nodes/${id}`, files: [] });
    this.rows = h("tbody");
    this.told = h("p", { className: "hint", role: "status" });
    const chosen = h("input", { type: "file", multiple: true, hidden: true, ariaLabel: "Files to upload", onchange: act(() => this.upload(chosen)) });
    this.element = h("section", { className: "files", ariaLabel: "Files" },
      h("p", { className: "buttons" }, this.changing(button("Upload…", async () => chosen.click())), chosen,
        this.changing(button("New text…", () => this.edit(null, ""))), button("Refresh", () => this.read())),
      h("table", {}, heads(["File", "Size", ""]), this.rows), this.told);
    act(() => this.read())();
  }

  node() {
    return this.lab.nodes.get(this.id);
  }

  // A button that changes the files.
  changing(made) {
    return this.lab.rights.guard("Node.Modify", made);
  }

  async read() {
    const { files, is_whole: isWhole } = await get(`${this.path}/files`);
    this.files = files;
    this.rows.replaceChildren(...files.map((file) => this.row(file)));
    const more = isWhole ? "" : ` It has more than ${counted(files.length, "file")}; these are some.`;
    setText(this.told, files.length === 0 ? "It has no files yet." : `They take effect at the next start.${more}`);
  }

  row(file) {
    const path = pathOfFile(this.path, file.path);
    const canEdit = file.size === null || file.size <= LARGEST_TEXT;
    const name = h("bdi", {}, file.path);
    const open = canEdit ? h("button", { type: "button", className: "plain", title: "View and edit", onclick: act(() => this.open(file)) }, name) : name;
    return h("tr", {}, h("td", { title: changedAt(file.modified) }, open),
      h("td", { className: "number" }, formatSize(file.size)),
      h("td", { className: "buttons" },
        h("a", { className: "button", href: at(path), download: file.path.split("/").at(-1), ariaLabel: `Download ${file.path}` }, "Download"),
        this.changing(button("Delete", () => this.delete(file), { className: "danger", ariaLabel: `Delete ${file.path}` }))));
  }

  async open(file) {
    const text = asText(await getBytes(pathOfFile(this.path, file.path)));
    if (text === null) throw new Error(`${file.path} is not a text. Download it to see what is in it.`);
    await this.edit(file.path, text);
  }

  // A dialog with a text of a file; `path` is null for a new one. It stays open until it is saved or given up.
  async edit(path, before) {
    const name = formField("Name", h("input", { name: "path", value: path ?? "", readOnly: path !== null, autocomplete: "off", spellcheck: false, placeholder: "notes.txt" }));
    const area = formField("Text", h("textarea", { name: "text", className: "code", rows: 18, wrap: "off", spellcheck: false, value: before }));
    const saved = await openForm({
      title: path ?? "New text",
      parts: [path === null ? name.part : [], area.part],
      fields: path === null ? [name, area] : [area],
      confirm: "Save",
      busy: "Saving…",
      refusal: this.lab.rights.refusal("Node.Modify"),
      submit: async (values) => {
        const where = path ?? values.path.trim();
        if (path === null) this.requireNew(where);
        // A form would send the ends of lines of Windows.
        await this.write(where, area.control.value, path === null ? null : before);
        return where;
      },
      fieldOf: (message) => (message.startsWith("path: ") ? { name: "path", text: message.slice(6) } : null),
    });
    if (saved) await this.read();
  }

  requireNew(path) {
    const wrong = nameProblem(path) || (this.files.some((file) => file.path === path) ? "There is a file of this name already." : "");
    if (wrong) throw new Error(`path: ${wrong}`);
  }

  // `before` is what the file had; null for a new one.
  write(path, text, before) {
    const to = pathOfFile(this.path, path);
    const undo = before === null ? { method: "DELETE", path: to } : { method: "POST", path: to, text: before };
    return this.history.make(`${before === null ? "Add" : "Change"} ${path} of ${this.node().name}`, [{ method: "POST", path: to, text }], [undo]);
  }

  async upload(input) {
    const files = [...input.files];
    input.value = "";
    for (const file of files) {
      const warning = h("p", {}, "Its present content is lost.");
      if (this.files.some(({ path }) => path === file.name) && !(await ask(`Replace ${file.name}?`, warning, "Replace", { danger: true }))) continue;
      setText(this.told, `Uploading ${file.name}…`);
      try {
        await request("POST", pathOfFile(this.path, file.name), file);
        tell(`${file.name} has arrived.`);
      } finally {
        await this.read();
      }
    }
  }

  async delete(file) {
    const warning = h("p", {}, "This cannot be undone.");
    if (!(await ask(`Delete ${file.path}?`, warning, "Delete", { danger: true }))) return;
    await remove(pathOfFile(this.path, file.path));
    await this.read();
  }
}

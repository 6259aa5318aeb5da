import assert from "node:assert/strict";
import test from "node:test";

import { Commands } from "../../../gns3trio/web/commands.js";
import { commandButton } from "../../../gns3trio/web/panels/command_button.js";
import { openDocument } from "../small_dom.js";

test("the button of a command follows it, and tells why it is not possible", async () => {
  openDocument();
  const [errors, done] = [[], []];
  const target = { kind: "node", ids: ["n1"], point: null };
  const commands = new Commands({ targetOf: () => target, onError: ({ message }) => errors.push(message), rights: { refusal: () => "", refresh() {} } });
  let locked = true;
  commands.add({ id: "delete", title: () => (locked ? "Delete it" : "Delete"), group: "edit", isDangerous: true, whyNot: () => (locked ? "It is locked." : ""), run: ({ ids }) => done.push(ids) });
  const { button, update } = commandButton(commands, commands.get("delete"), () => target);
  assert.deepEqual([button.textContent, button.className, button.title, button.getAttribute("aria-disabled")], ["Delete it", "danger", "It is locked.", "true"]);
  button.click();
  locked = false;
  update();
  assert.deepEqual([button.textContent, button.getAttribute("aria-disabled")], ["Delete", null]);
  button.click();
  await new Promise((settled) => { setImmediate(settled); });
  assert.deepEqual([errors, done], [["It is locked."], [["n1"]]]);
});

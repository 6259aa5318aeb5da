import assert from "node:assert/strict";
import test from "node:test";

import { openDocument } from "./small_dom.js";

// A link to a file of a server that answers with `reply`; `saved` are the files that the browser was told to save.
async function linkTo(t, reply) {
  const named = openDocument();
  const { downloadLink, offer } = await import("../../gns3trio/web/downloads.js");
  t.mock.method(globalThis, "fetch", async () => reply);
  const link = downloadLink({}, "Export");
  offer(link, "/v2/projects/p/export", "lab.gns3project");
  const saved = [];
  const make = document.createElement;
  document.createElement = (tag) => Object.assign(make(tag), { click() { saved.push([this.tag, this.attributes.get("href"), this.attributes.get("download")]); } });
  const press = async () => {
    const event = Object.assign(new Event("click", { cancelable: true }));
    link.dispatchEvent(event);
    await new Promise((done) => { setImmediate(done); });
    return event.defaultPrevented;
  };
  return { saved, press, told: () => named.messages.textContent };
}

test("a file is saved once the server has said that there is one", async (t) => {
  const { saved, press } = await linkTo(t, new Response("zip"));
  assert.equal(await press(), true);
  assert.deepEqual(saved.map(([tag]) => tag), ["a"]);
});

test("what the server says against it is told, and nothing is saved", async (t) => {
  const { saved, press, told } = await linkTo(t, Response.json({ message: "stop its nodes first" }, { status: 409 }));
  await press();
  assert.match(told(), /stop its nodes first/);
  assert.deepEqual(saved.filter(([tag]) => tag === "a"), []);
});

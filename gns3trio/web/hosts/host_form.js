// The dialogs that add, change, confirm and remove a host.

import { ask } from "../actions.js";
import { get, post, put, remove } from "../api.js";
import { h } from "../dom.js";
import { formField, openForm } from "../forms.js";
import { DEFAULT_PORT, addressOf, fieldError, lossText, splitAddress } from "./host_texts.js";

const FIELDS = ["name", "protocol", "host", "port", "user", "password", "certificate"];
// As the server's own limit.
const MOST_CERTIFICATE = 65536;

const path = (id) => `/v2/computes/${encodeURIComponent(id)}`;

// Resolves with the new host, or null.
export const addHost = () => openHostForm("Add a host", "Add", null, (body) => post("/v2/computes", body));

// `told` is what /v2/hosts says of it. Resolves with the host as it is then, or null.
export const changeHost = (compute, told) =>
  openHostForm(`Change ${compute.name}`, "Change", { compute, told }, (body) => put(path(compute.compute_id), body));

export async function confirmHost(compute) {
  const text = h("p", {}, `A project's file names it: ${addressOf(compute)}. This server has not contacted it, because a file from elsewhere must not `
    + "choose the hosts that it talks to. If you know this host, give its user and password with Change, or connect without.");
  if (await ask(`Connect to ${compute.name}?`, text, "Connect")) await put(path(compute.compute_id), {});
}

export async function removeHost(compute) {
  const told = (await get("/v2/hosts")).find((each) => each.compute_id === compute.compute_id);
  const text = h("p", {}, told ? lossText(told) : "It is gone already.");
  if (await ask(`Remove ${compute.name}?`, text, "Remove", { danger: true })) await remove(path(compute.compute_id));
}

function openHostForm(title, confirm, known, send) {
  const { compute, told } = known ?? {};
  const choose = (value) => h("option", { value, selected: compute?.protocol === value }, value);
  const protocol = formField("Protocol", h("select", { name: "protocol", onchange: showTls }, choose("http"), choose("https")));
  const host = formField("Host", h("input", { name: "host", required: true, maxLength: 255, value: compute?.host ?? "", autocomplete: "off", spellcheck: false,
    placeholder: "attic.example or 192.0.2.20", autofocus: true, onchange: split }));
  const port = formField("Port", h("input", { name: "port", type: "number", required: true, min: 1, max: 65535, value: compute?.port ?? DEFAULT_PORT }));
  const name = formField("Name", h("input", { name: "name", maxLength: 200, value: compute?.name ?? "", autocomplete: "off" }), "What it is called here. Without one, it is called by its address.");
  const user = formField("User", h("input", { name: "user", value: compute?.user ?? "", autocomplete: "off", spellcheck: false }), "If the host asks for one.");
  const password = formField("Password", h("input", { name: "password", type: "password", autocomplete: "new-password" }),
    compute?.user ? "Leave it empty to keep the present one." : null);
  const certificate = formField("Certificate (PEM)", h("textarea", { name: "certificate", rows: 4, maxLength: MOST_CERTIFICATE, spellcheck: false,
    placeholder: "-----BEGIN CERTIFICATE-----" }), told?.has_certificate ? "It has one; leave this empty to keep it." : "Only for a host that signed its certificate itself.");
  const without = told?.has_certificate ? h("input", { type: "checkbox", name: "without_certificate", onchange: showTls }) : null;
  const drop = without ? h("label", { className: "check" }, without, " Trust the authorities of this server's machine instead") : h("span");

  // Whole addresses are often copied from elsewhere.
  function split() {
    const parts = splitAddress(host.control.value);
    if (!parts) return;
    for (const [each, value] of [[protocol, parts.protocol], [host, parts.host], [port, parts.port]]) each.control.value = value;
    showTls();
  }

  function showTls() {
    const tls = protocol.control.value === "https";
    certificate.part.hidden = drop.hidden = !tls;
    certificate.control.disabled = !tls || Boolean(without?.checked);
  }

  function bodyOf(values) {
    const body = { protocol: values.protocol, host: values.host.trim(), port: Number(values.port) };
    if (values.name.trim()) body.name = values.name.trim();
    else if (compute) body.name = null;
    if (values.user) body.user = values.user;
    else if (compute) Object.assign(body, { user: null, password: null });
    if (values.user && values.password) body.password = values.password;
    if (values.certificate?.trim()) body.certificate = values.certificate;
    else if (compute && (without?.checked || values.protocol === "http")) body.certificate = null;
    return body;
  }

  showTls();
  return openForm({
    title,
    confirm,
    busy: "Connecting…",
    parts: [h("div", { className: "address" }, protocol.part, host.part, port.part), name.part, user.part, password.part, certificate.part, drop],
    fields: [protocol, host, port, name, user, password, certificate],
    submit: (values) => {
      split();
      return send(bodyOf({ ...values, protocol: protocol.control.value, host: host.control.value, port: port.control.value }));
    },
    fieldOf: (message) => fieldError(message, FIELDS),
  });
}

// What the user may do at a path of the API. Buttons and fields tell what is not allowed before somebody tries it.

import { forbid } from "../actions.js";
import { get, onForbidden } from "../api.js";
import { h, setText } from "../dom.js";

// What each privilege allows, as in "You may not ...".
const ALLOWS = {
  "Node.Allocate": "add or delete nodes",
  "Node.Modify": "change nodes",
  "Node.PowerMgmt": "start and stop nodes",
  "Node.Console": "use consoles",
  "Node.Audit": "see nodes",
  "Link.Allocate": "add or delete links",
  "Link.Modify": "change links and their filters",
  "Link.Capture": "capture packets",
  "Link.Audit": "see links",
  "Drawing.Allocate": "add or delete drawings",
  "Drawing.Modify": "change drawings",
  "Drawing.Audit": "see drawings",
  "Project.Allocate": "create, import or delete projects",
  "Project.Modify": "change the project",
  "Snapshot.Allocate": "take or delete snapshots",
  "Snapshot.Restore": "restore snapshots",
  "Snapshot.Audit": "see snapshots",
  "Template.Allocate": "create or delete templates",
  "Template.Modify": "change templates",
  "Symbol.Allocate": "upload or delete symbols",
  "Symbol.Audit": "see symbols",
  "Image.Allocate": "upload or delete images",
  "Image.Audit": "see images",
  "Appliance.Allocate": "add or install appliances",
  "Appliance.Audit": "see appliances",
  "Compute.Allocate": "add or remove hosts",
  "Compute.Modify": "change hosts",
  "Compute.Audit": "see what other controllers have open",
  "User.Allocate": "create or delete users",
  "User.Modify": "change users",
  "Group.Allocate": "create or delete groups",
  "Group.Modify": "change groups",
  "Role.Allocate": "create or delete roles",
  "Role.Modify": "change roles",
  "Pool.Allocate": "create or delete pools",
  "Pool.Modify": "change pools",
  "ACE.Allocate": "give or remove permissions",
};

// Those that the page of a lab tells at once.
const OF_A_LAB = ["Node.Allocate", "Node.Modify", "Node.PowerMgmt", "Node.Console", "Link.Allocate", "Link.Modify", "Link.Capture", "Drawing.Allocate"];
const WITHOUT_CHANGING = new Set(["Node.Console", "Link.Capture"]);

// Why a user cannot do what needs a privilege.
export function refusalOf(privilege) {
  const [first] = privilege.split("|");
  return `You may not ${ALLOWS[first] ?? "do this"} here (${first} is needed).`;
}

// Why the user may not move or change a node or drawing of a lab, or "".
export const whyFixed = (lab, id) => lab.rights.refusal(lab.nodes.has(id) ? "Node.Modify" : "Drawing.Modify");

// What a change of objects of a lab needs: "Modify", or "Allocate" to add or delete them.
export const needsFor = (what, lab) => ({ ids }) =>
  [...new Set(ids.map((id) => lab.kindOf(id)).filter(Boolean))].map((kind) => `${kind[0].toUpperCase()}${kind.slice(1)}.${what}`);

// What a user cannot do in a lab, in a sentence; "" if everything is allowed.
export function describeMissing(missing) {
  const told = OF_A_LAB.filter((name) => missing(name));
  if (told.length === 0) return "";
  if (told.length === OF_A_LAB.length) return "You may look at this lab, but not change it.";
  if (OF_A_LAB.every((name) => told.includes(name) || WITHOUT_CHANGING.has(name))) return "You may use this lab, but not change it.";
  return `In this lab you may not ${told.map((name) => ALLOWS[name]).join(", ")}.`;
}

const accountAt = (path) => get(`/v2/account?path=${encodeURIComponent(path)}`);

// Why the user lacks a privilege on a path now, or "".
export async function whyRefused(privilege, path) {
  const { privileges } = await accountAt(path);
  return privileges.includes(privilege) ? "" : refusalOf(privilege);
}

const notes = new WeakMap(); // the paragraph of a fence that tells why

export class Rights {
  // `path` is one of the API, without its version. `onChange()` is called whenever the rights were read. `withParts`: what is allowed
  // for some object below the path may be tried, because only the server knows for which.
  constructor(path, { onChange = () => {}, withParts = false } = {}) {
    Object.assign(this, { path, onChange, withParts, privileges: null, reading: null });
    onForbidden(() => this.privileges && this.refresh());
  }

  // Reads what the user may do.
  async read() {
    const { privileges, privileges_below: below } = await accountAt(this.path);
    this.privileges = new Set([...privileges, ...(this.withParts ? below : [])]);
    for (const element of globalThis.document.querySelectorAll("[data-needs]")) this.show(element);
    this.onChange();
  }

  // Reads it again, because something was refused that was allowed, or the other way round.
  async refresh() {
    this.reading ??= this.read().catch(() => {}).finally(() => { this.reading = null; }); // what is told of the connection says it
    await this.reading;
  }

  // Whether something may be tried: it is allowed, or not known yet. Of several privileges, as in "A|B", one is enough.
  has(privilege) {
    return this.privileges === null || privilege.split("|").some((each) => this.privileges.has(each));
  }

  // Why something is refused, or "".
  refusal(privilege) {
    return this.has(privilege) ? "" : refusalOf(privilege);
  }

  // Throws if something is refused.
  require(privilege) {
    if (!this.has(privilege)) throw new Error(refusalOf(privilege));
  }

  // A button that needs a privilege.
  guard(privilege, button) {
    button.setAttribute("data-needs", `${privilege} ${this.path}`);
    this.show(button);
    return button;
  }

  // Fields that need a privilege. Without it they can be read, and a sentence says why they cannot be changed.
  fence(privilege, ...parts) {
    const note = h("p", { className: "hint" });
    const fence = h("fieldset", { className: "fence", role: "presentation" }, note, ...parts);
    notes.set(fence, note);
    return this.guard(privilege, fence);
  }

  show(element) {
    const [privilege, path] = element.getAttribute("data-needs").split(" ");
    if (path !== this.path) return;
    const reason = this.refusal(privilege);
    const note = notes.get(element);
    if (!note) {
      forbid(element, reason, () => this.refresh());
      return;
    }
    element.disabled = reason !== "";
    setText(note, reason);
    note.hidden = reason === "";
  }
}

// The one table of what a user can do in a lab. The toolbar, the menus of the map, the keys and the list of keys read it.
//
// A command is {id, title, group, run(target)} with, where it has them:
//   icon         the name of its icon
//   text         what its button shows instead of the title
//   hint         a sentence that says more than the title
//   keys         its keys while the map has the focus, such as "Ctrl+C"; "Ctrl" is also the Command key of a Mac
//   keysEverywhere  its keys that also work beside the map, but not where something is typed
//   keysShown    keys that the browser itself makes an event of, such as those of the clipboard
//   where        "toolbar", "zoom" (the tools in the corner of the map), and the kinds of targets in whose menu it is: "node", "link", "drawing", "several", "map"
//   privilege    what the user must be allowed to do in this lab: the name of a privilege, or several
//   isDangerous  it deletes something
//   isShown(target), isEnabled(target), isPressed(target), whyNot(target): a sentence if it is not possible, else ""
// `title`, `hint` and `privilege` may be functions of the target. A target is {kind, ids, point}: what is selected, or a point of the map.

export const GROUP_TITLES = { add: "Add", edit: "Edit", run: "Run", view: "View", lab: "Lab", tools: "Tools" };
export const GROUPS = Object.keys(GROUP_TITLES);

const MODIFIERS = new Set(["Control", "Meta", "Shift", "Alt", "AltGraph"]);

// The name of a pressed key, such as "Ctrl+Shift+Z", or null for a modifier. Characters that are no letters are named by themselves,
// because keyboards have them at different places.
export function keyOf({ key, ctrlKey, metaKey, shiftKey, altKey }) {
  if (!key || MODIFIERS.has(key)) return null;
  const isCharacter = key.length === 1;
  const isLetter = isCharacter && key.toLowerCase() !== key.toUpperCase();
  const name = key === " " ? "Space" : key.replace(/^Arrow/, "");
  return [
    ...(ctrlKey || metaKey ? ["Ctrl"] : []),
    ...(altKey ? ["Alt"] : []),
    ...(shiftKey && (!isCharacter || isLetter || key === " ") ? ["Shift"] : []),
    isLetter ? name.toUpperCase() : name,
  ].join("+");
}

// All keys of a command.
export const keysOf = ({ keys = [], keysEverywhere = [], keysShown = [] }) => [...keysEverywhere, ...keys, ...keysShown];

const valueOf = (value, target) => (typeof value === "function" ? value(target) : value ?? "");

export class Commands {
  // `targetOf()` is what is selected now. `onError(error)` is told why a command was not possible. `rights` are those of the user in this lab.
  constructor({ targetOf, onError, rights }) {
    Object.assign(this, { targetOf, onError, rights });
    this.all = new Map(); // by id
    this.otherKeys = []; // {keys, title, group}: keys that are no commands
  }

  add(...commands) {
    for (const command of commands) {
      if (!GROUPS.includes(command.group)) throw new Error(`${command.id}: there is no group ${command.group}`);
      this.all.set(command.id, command);
    }
  }

  // Keys for the list of keys that are handled elsewhere.
  addKeys(...keys) {
    this.otherKeys.push(...keys);
  }

  get(id) {
    return this.all.get(id);
  }

  title(command, target = this.targetOf()) {
    return valueOf(command.title, target);
  }

  // What the button of a command tells besides its title: why it is not possible, or more of it, and its key.
  describe(command, target) {
    const said = this.refusal(command, target) || valueOf(command.hint, target) || this.title(command, target);
    const [key] = keysOf(command);
    return key ? `${said} (${key})` : said;
  }

  // The commands for a place that are shown there, by group; those that delete are the last of their group.
  at(place, target) {
    const shown = [...this.all.values()].filter((each) => each.where?.includes(place) && (each.isShown?.(target) ?? true));
    const inOrder = [...shown.filter((each) => !each.isDangerous), ...shown.filter((each) => each.isDangerous)];
    return GROUPS.flatMap((group) => inOrder.filter((each) => each.group === group));
  }

  // Why the user may not do it in this lab, or "".
  forbids({ privilege }, target) {
    const needed = [valueOf(privilege, target)].flat().filter(Boolean);
    return needed.map((each) => this.rights.refusal(each)).find(Boolean) ?? "";
  }

  // Why a command is not possible now, or "" if it is.
  refusal(command, target) {
    const reason = this.forbids(command, target) || (command.whyNot?.(target) ?? "");
    if (reason) return reason;
    return command.isEnabled?.(target) ?? true ? "" : "This is not possible now.";
  }

  // Runs a command, and tells what goes wrong.
  async run(id, target = this.targetOf()) {
    try {
      const command = this.get(id);
      if (this.forbids(command, target)) this.rights.refresh(); // it may have been allowed meanwhile
      const refusal = this.refusal(command, target);
      if (refusal) throw new Error(refusal);
      await command.run(target);
    } catch (error) {
      this.onError(error);
    }
  }

  // Runs the command of a pressed key. `isOnMap`: the map has the focus, or nothing. Returns whether there is such a command.
  press(event, isOnMap) {
    const key = keyOf(event);
    const target = this.targetOf();
    const found = [...this.all.values()].find(({ keys = [], keysEverywhere = [], isShown }) =>
      (keysEverywhere.includes(key) || (isOnMap && keys.includes(key))) && (isShown?.(target) ?? true));
    if (found) this.run(found.id, target);
    return found !== undefined;
  }

  // All keys as [group, [{keys, title}]].
  keys() {
    const target = this.targetOf();
    const rows = [...this.all.values()].map((each) => ({ group: each.group, keys: keysOf(each), title: this.title(each, target) })).filter(({ keys }) => keys.length);
    return GROUPS.map((group) => [group, [...this.otherKeys, ...rows].filter((each) => each.group === group)]).filter(([, of]) => of.length);
  }
}

// The keys of a terminal that are not for its node.

// What a key press does; undefined for the keys that the node gets. As in other terminals, Ctrl+Shift and a letter.
const WITH_CTRL_SHIFT = {
  KeyC: "copy",
  KeyV: "paste",
  KeyF: "find",
  ArrowLeft: "previous tab",
  ArrowRight: "next tab",
  ArrowUp: "leave",
};

export function actionOf({ type, code, ctrlKey, shiftKey, altKey, metaKey }) {
  if (type !== "keydown" || !ctrlKey || !shiftKey || altKey || metaKey) return undefined;
  return Object.hasOwn(WITH_CTRL_SHIFT, code) ? WITH_CTRL_SHIFT[code] : undefined;
}

// Keys that the keyboard of a phone does not have: what is on the button, how it is called, and what the node gets.
export const TOUCH_KEYS = [
  ["Ctrl-C", "Ctrl-C: end what runs", "\x03"],
  ["Tab", "Tab", "\t"],
  ["Esc", "Escape", "\x1b"],
  ["↑", "Up", "\x1b[A"],
  ["↓", "Down", "\x1b[B"],
];

// A program may have asked for the other form of the arrow keys.
export const touchText = (text, isApplicationMode) => (isApplicationMode && text.length > 1 ? text.replace("[", "O") : text);

// For the list of keys.
export const TERMINAL_KEYS = [
  [["Ctrl+Shift+C"], "Copy what is selected in a console"],
  [["Ctrl+Shift+V"], "Paste into a console"],
  [["Ctrl+Shift+F"], "Find in a console"],
  [["Ctrl+Shift+Left", "Ctrl+Shift+Right"], "From a console to the one before or after it"],
  [["Ctrl+Shift+Up"], "From a console to its tab; there, Delete closes it"],
].map(([keys, title]) => ({ keys, title, group: "tools" }));

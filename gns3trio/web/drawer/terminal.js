// The terminal of a node: xterm.js on a connection that comes back by itself.

import { button } from "../actions.js";
import { h, setText } from "../dom.js";
import { tell } from "../messages.js";
import { ConsoleConnection } from "./console_connection.js";
import { FindBar } from "./find_bar.js";
import { keepFocus } from "./full_view.js";
import { OutputQueue } from "./output_queue.js";
import { describeState } from "./reconnect.js";
import { LINKS, guard, withFewMarks } from "./terminal_guard.js";
import { TOUCH_KEYS, actionOf, touchText } from "./terminal_keys.js";
import { LEAST_CONTRAST, followTheme } from "./terminal_theme.js";

const SCROLLBACK = 5000; // lines
const SETTLED_MS = 100;
const EARLY_KEYS = { __proto__: null, Enter: "\r", Backspace: "\x7f", Tab: "\t" };
// What a program may have set, and would have set back if it had ended as usual: reports of the mouse, marks around what is pasted,
// a hidden cursor, colours; and the alternate screen, which is left only if it is shown.
const LEAVE_ALTERNATE = "\x18\x1b[?1049l";
const USUAL_MODES = "\x18\x1b[!p\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?25h\x1b[0m";

// A terminal as the content of a tab. `isRunning` tells whether the node runs; `onTyped(text)` gets what the user types, to pass it
// on to type(); `onAction(name)` gets the keys that the tab does not handle itself.
export const makeTerminal = (options) => new TerminalPane(options);

class TerminalPane {
  constructor({ name, url, isRunning, whyRefused, onTyped, onAction, start }) {
    Object.assign(this, { name, onTyped, onAction });
    this.screen = h("div", { className: "screen", tabIndex: -1, onkeydown: (event) => this.typeEarly(event) });
    this.told = h("span", { role: "status" });
    this.start = start ? button("Start", start, { hidden: true }) : null;
    this.again = button("Connect", () => this.connection.reconnect.now(), { hidden: true });
    this.state = h("div", { className: "state buttons", hidden: true }, this.told, this.start, this.again);
    const keys = h("div", { className: "touch-keys", role: "group", ariaLabel: "Keys" }, TOUCH_KEYS.map(([label, title, text]) =>
      button(label, () => this.onTyped(touchText(text, this.terminal?.modes.applicationCursorKeysMode)), { ariaLabel: title, onmousedown: keepFocus })));
    this.element = h("div", { className: "terminal-pane", role: "group", ariaLabel: `Console of ${name}` }, this.screen, keys, this.state);
    this.wantsFocus = false;
    this.follows = true; // whether it shows the end of the output
    this.isLost = false; // whether a line tells that it has ended
    this.decoder = new TextDecoder();
    this.ready = this.load();
    this.output = new OutputQueue((bytes, done) => this.write(bytes, done));
    this.connection = new ConsoleConnection({
      url, isRunning, whyRefused,
      onOutput: (bytes) => this.output.push(bytes),
      onState: (state) => this.showState(state),
    });
  }

  async load() {
    const [{ Terminal }, { FitAddon }] = await Promise.all([import("../vendor/xterm.mjs"), import("../vendor/addon-fit.mjs")]);
    if (this.isClosed) return null;
    const terminal = new Terminal({
      fontSize: 13, cursorBlink: true, scrollback: SCROLLBACK, screenReaderMode: true,
      minimumContrastRatio: LEAST_CONTRAST, linkHandler: LINKS,
    });
    this.terminal = terminal;
    this.screen.removeAttribute("tabindex");
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(this.screen);
    guard(terminal);
    terminal.attachCustomKeyEventHandler((event) => this.pressKey(event));
    terminal.onData((text) => this.onTyped(text));
    this.unfollow = followTheme(this.element, (theme) => { terminal.options.theme = theme; });
    this.resizing = new ResizeObserver(() => this.fit(fit));
    this.resizing.observe(this.screen);
    this.finder = new FindBar(terminal, () => terminal.focus());
    this.screen.before(this.finder.element);
    for (const kind of ["wheel", "keyup", "touchend"]) this.element.addEventListener(kind, () => this.noteScroll(), { passive: true });
    this.element.addEventListener("pointerdown", () => { // it may drag the scroll bar
      this.follows = false;
      document.addEventListener("pointerup", () => this.noteScroll(), { once: true });
    });
    if (this.wantsFocus) terminal.focus();
    return terminal;
  }

  fit(addon) {
    if (!this.screen.clientWidth) return;
    addon.fit();
    this.stayAtEnd();
    clearTimeout(this.fitting);
    this.fitting = setTimeout(() => this.stayAtEnd(), SETTLED_MS);
  }

  async write(bytes, done) {
    const terminal = await this.ready;
    terminal?.write(withFewMarks(this.decoder.decode(bytes, { stream: true })), () => {
      this.stayAtEnd();
      done();
    });
  }

  // xterm.js follows the output, but not after its size has changed quickly or while it is hidden. So only the user leaves the end.
  stayAtEnd() {
    if (this.follows && !this.isAtEnd) this.terminal.scrollToBottom();
  }

  get isAtEnd() {
    const { viewportY, baseY } = this.terminal.buffer.active;
    return viewportY >= baseY;
  }

  // The user may have scrolled.
  noteScroll() {
    requestAnimationFrame(() => { this.follows = this.isClosed || this.isAtEnd; });
  }

  // Tells, below the screen and once in a line on it, what became of the connection.
  showState(state) {
    const { kind } = state;
    const text = describeState(this.name, state);
    setText(this.told, text);
    this.state.hidden = !text || kind === "connecting";
    if (this.start) this.start.hidden = kind !== "stopped";
    this.again.hidden = !["waiting", "left", "refused"].includes(kind);
    if (kind === "open" && this.isLost) {
      this.isLost = false;
      this.writeLine(`Connected again at ${new Date().toLocaleTimeString()}.`);
    } else if (["stopped", "waiting", "left", "refused"].includes(kind) && !this.isLost) {
      this.isLost = true;
      this.writeLine(kind === "stopped" ? text : `${text.split(" Trying")[0]}`);
    }
  }

  writeLine(text) {
    const leave = this.terminal?.buffer.active.type === "alternate" ? LEAVE_ALTERNATE : "";
    this.output.push(new TextEncoder().encode(`${leave}${USUAL_MODES}\r\n\x1b[33m${text}\x1b[0m\r\n`));
  }

  // For xterm.js: whether the terminal gets the key.
  pressKey(event) {
    const action = actionOf(event);
    if (!action) return true;
    if (action !== "paste") event.preventDefault(); // the browser pastes by itself
    if (action === "copy") this.copy();
    else if (action === "find") this.find();
    else if (action !== "paste") this.onAction(action);
    return false;
  }

  // A page that did not come over TLS has no clipboard of its own; the browser's old command works there.
  async copy() {
    const text = this.terminal.getSelection();
    if (!text) return;
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(text);
      else if (!document.execCommand("copy")) throw new Error("the browser does not allow it");
    } catch (error) {
      tell(`The text was not copied: ${error.message}`, "error");
    }
  }

  async find() {
    await this.ready;
    this.finder?.open();
  }

  // Sends text to the node as if it had been typed here.
  type(text) {
    this.connection.send(text);
  }

  // The node has another name or status, or is gone.
  nodeChanged(node) {
    if (!node) {
      this.connection.close();
      this.writeLine(`${this.name} was deleted.`);
      return;
    }
    this.name = node.name;
    this.element.ariaLabel = `Console of ${node.name}`;
    this.connection.reconnect.nodeChanged();
  }

  alive() {
    return this.connection.reconnect.state.kind !== "closed";
  }

  shown() {
    this.wantsFocus = true;
    (this.terminal ?? this.screen).focus();
  }

  // Until the terminal is loaded, what is typed is for it, and no key of the map.
  typeEarly(event) {
    const { key, ctrlKey, metaKey, altKey } = event;
    const text = key.length === 1 ? key : EARLY_KEYS[key];
    if (this.terminal || ctrlKey || metaKey || altKey || text === undefined) return;
    event.preventDefault();
    this.onTyped(text);
  }

  close() {
    this.isClosed = true;
    this.connection.close();
    this.unfollow?.();
    this.resizing?.disconnect();
    clearTimeout(this.fitting);
    this.terminal?.dispose();
  }
}

// Messages to the user, which disappear or are dismissed, and the state of the connection.

import { h, setText } from "./dom.js";
import { isOutdated } from "./release.js";

// An error stays longer, and as long as the mouse or the focus is on it: it says more, and somebody may want to copy it.
const SHOWN_FOR = 8000;
const ERROR_SHOWN_FOR = 30000;
const MOST_SHOWN = 5;
const shown = []; // {note, message, kind, count, times, timer}

// A repeated message only increases its count.
export function tell(message, kind = "info") {
  const found = shown.find((each) => each.message === message && each.kind === kind) ?? show(message, kind);
  found.count += 1;
  if (found.count > 1) setText(found.times, `${found.count} times`);
  hideLater(found);
}

function hideLater(each) {
  clearTimeout(each.timer);
  each.timer = setTimeout(() => hide(each), each.kind === "error" ? ERROR_SHOWN_FOR : SHOWN_FOR);
}

function show(message, kind) {
  const times = h("span", { className: "hint" });
  const each = { message, kind, times, count: 0 };
  const stay = () => clearTimeout(each.timer);
  const leave = () => shown.includes(each) && hideLater(each);
  each.note = h("div", { className: `message ${kind}`, onmouseenter: stay, onfocusin: stay, onmouseleave: leave, onfocusout: leave }, h("span", {}, message), times,
    h("button", { className: "plain", ariaLabel: "Dismiss", onclick: () => hide(each) }, "×"));
  document.getElementById("messages").append(each.note);
  shown.push(each);
  if (shown.length > MOST_SHOWN) hide(shown[0]);
  return each;
}

function hide(each) {
  clearTimeout(each.timer);
  each.note.remove();
  if (shown.includes(each)) shown.splice(shown.indexOf(each), 1);
}

const connection = { isLive: true, isOutdated: false };

// `isAnew`: the server answers again and remembers nothing, so it may be a newer one.
export function showConnection(isLive, isAnew = false, outdated = isOutdated) {
  connection.isLive = isLive;
  drawConnection();
  if (!isAnew || connection.isOutdated) return;
  askWhetherOutdated(outdated);
}

async function askWhetherOutdated(outdated) {
  try {
    connection.isOutdated = await outdated();
  } catch {
    return; // it is away again, and asked when it is back
  }
  drawConnection();
}

function drawConnection() {
  const place = document.getElementById("connection");
  place.className = connection.isLive ? "live" : "lost";
  if (!connection.isLive) place.textContent = "The server does not answer. Trying again…";
  else if (connection.isOutdated) place.replaceChildren("The server was updated, and this page is of the version before. ", h("button", { type: "button", className: "plain", onclick: () => location.reload() }, "Reload"));
  else place.textContent = "live";
}

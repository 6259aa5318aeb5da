// One request that sends traffic until it is done or cancelled, with its progress.

import { act } from "../actions.js";
import { post } from "../api.js";
import { h, setText } from "../dom.js";

// `kind` of event tells the progress; those count that are `isOurs`. `request()` returns the body, `describe(event)` a text, and
// `show(report)` shows the end. Returns the button that begins, that which cancels, the elements that tell how far it is,
// `start()`, and `close()`, which cancels.
export function makeFlowRun({ lab, kind, path, text, isOurs, request, describe, show }) {
  const bar = h("progress", { max: 1, value: 0, hidden: true, ariaLabel: "Progress" });
  const said = h("p", { className: "hint", role: "status" });
  const go = h("button", { className: "primary" }, text);
  const cancel = h("button", { type: "button", hidden: true, onclick: () => close() }, "Cancel");
  let stop = null;

  const start = act(async () => {
    if (stop) return;
    const body = request();
    stop = new AbortController();
    const { signal } = stop;
    showRunning(true);
    setText(said, "");
    const stopListening = lab.on(kind, (event) => {
      if (!isOurs(event)) return;
      bar.value = event.progress;
      setText(said, describe(event));
    });
    try {
      const report = await post(path, body, signal);
      setText(said, "");
      show(report);
    } catch (error) {
      setText(said, signal.aborted ? "Cancelled." : "");
      if (!signal.aborted) throw error;
    } finally {
      stopListening();
      stop = null;
      showRunning(false);
    }
  });

  function showRunning(runs) {
    bar.value = 0;
    const focused = document.activeElement;
    bar.hidden = cancel.hidden = !runs;
    go.hidden = runs;
    if ([go, cancel].includes(focused)) (runs ? cancel : go).focus(); // what is hidden loses it
  }

  // The server ends the traffic of a request that is closed.
  function close() {
    stop?.abort();
  }

  return { go, cancel, progress: [bar, said], start, close };
}

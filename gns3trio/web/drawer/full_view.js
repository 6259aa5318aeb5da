// Shows an element on the whole screen: the page in the browser's full screen, and the element over all of the page but the messages.

// Where the browser refuses its full screen, the element still takes the whole window. `onChange` is called with whether it does.
export class FullView {
  constructor(element, onChange) {
    Object.assign(this, { element, onChange, isOn: false });
    this.leave = () => document.fullscreenElement || this.set(false);
  }

  async toggle() {
    this.set(!this.isOn);
    if (!this.isOn) {
      if (document.fullscreenElement) await document.exitFullscreen();
      return;
    }
    try {
      await document.documentElement.requestFullscreen({ navigationUI: "hide" });
      await navigator.keyboard?.lock?.(["Escape"]); // it is for the node; to hold it down leaves the full screen
    } catch {
      // It takes the window.
    }
  }

  set(isOn) {
    if (isOn === this.isOn) return;
    this.isOn = isOn;
    this.element.classList.toggle("full", isOn);
    if (isOn) document.addEventListener("fullscreenchange", this.leave);
    else document.removeEventListener("fullscreenchange", this.leave);
    this.onChange(isOn);
  }
}

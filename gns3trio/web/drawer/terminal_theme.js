// The colours of terminals: those of the page, and 16 colours that can be read on them.

// In the order of ECMA-48: black, red, green, yellow, blue, magenta, cyan, white; then the bright ones.
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const ON_LIGHT = [
  "#1a2129", "#b3261e", "#1b7f45", "#8a5200", "#1b66a8", "#8a3ea8", "#0f7480", "#5b6672",
  "#56616d", "#cf3a31", "#2a8f55", "#9a6200", "#2b7cc4", "#a152c0", "#1f8592", "#6b7682",
];
const ON_DARK = [
  "#3b4552", "#ff8a80", "#4fce85", "#f0b355", "#6cb4f2", "#d49af0", "#5fd0d8", "#d5dae0",
  "#8a95a1", "#ffb0a9", "#86e3ae", "#ffd08a", "#9accf8", "#e3bdf7", "#95e4ea", "#ffffff",
];
// Text in other colours is made so much darker or lighter that it can be read (WCAG 2.2, 1.4.3).
export const LEAST_CONTRAST = 4.5;

// The theme for a terminal whose ground and text have these colours, each written as "rgb(r, g, b)".
export function themeOf(background, foreground) {
  const colours = isLight(background) ? ON_LIGHT : ON_DARK;
  const named = NAMES.flatMap((name, place) => [
    [name, colours[place]],
    [`bright${name[0].toUpperCase()}${name.slice(1)}`, colours[place + 8]],
  ]);
  return {
    ...Object.fromEntries(named), background, foreground, cursor: foreground, cursorAccent: background,
    selectionBackground: isLight(background) ? "#a9cdf0" : "#33567a",
    selectionInactiveBackground: isLight(background) ? "#cfdbe6" : "#3b4552",
  };
}

export function isLight(colour) {
  const [red, green, blue] = (colour.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 128;
}

// Calls `use` with the theme that the styles of an element give, now and whenever it changes; returns what ends this.
export function followTheme(element, use) {
  let last = "";
  const read = () => {
    const { backgroundColor, color } = getComputedStyle(element);
    if (last === backgroundColor + color) return;
    last = backgroundColor + color;
    use(themeOf(backgroundColor, color));
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const changes = new MutationObserver(read);
  dark.addEventListener("change", read);
  changes.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "style", "data-theme"] });
  read();
  return () => {
    dark.removeEventListener("change", read);
    changes.disconnect();
  };
}

// The tabs of a lab's drawer, which are there again after the page was loaded again. Each browser tab has its own.

const MOST_TABS = 50;

const keyOf = (projectId) => `gns3trio.drawer.${projectId}`;

// What was stored: {tabs: [[kind, id], ...], chosen, beside}; null if nothing was, or if it cannot be used.
export function readTabs(projectId) {
  try {
    return checked(JSON.parse(sessionStorage.getItem(keyOf(projectId))));
  } catch {
    return null;
  }
}

export function storeTabs(projectId, tabs) {
  try {
    sessionStorage.setItem(keyOf(projectId), JSON.stringify(tabs));
  } catch {
    // A browser may forbid storage: then the tabs last as long as the page.
  }
}

function checked(stored) {
  const isPair = (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((each) => typeof each === "string");
  if (!Array.isArray(stored?.tabs)) return null;
  const beside = Array.isArray(stored.beside) ? stored.beside.filter((id) => typeof id === "string") : [];
  return { tabs: stored.tabs.filter(isPair).slice(0, MOST_TABS), chosen: String(stored.chosen), beside };
}

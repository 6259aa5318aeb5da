// The API viewer. It does not send the description to another host for validation.

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
const url = document.currentScript.src.replace(/static\/app\/([0-9a-f]{16}\/)?[^/]*$/, "openapi.json"); // also below the path of a reverse proxy
window.SwaggerUIBundle({ url, dom_id: "#api", validatorUrl: null, docExpansion: "none", deepLinking: true });

// What the viewer does not tell screen readers: a name of its list of servers, what its parts are, and the levels of its headings.
const REGIONS = [[".information-container", "About this API"], [".scheme-container", "Server and login"]];
const mend = () => {
  document.getElementById("servers")?.setAttribute("aria-label", "Server");
  for (const heading of document.querySelectorAll(":is(h3.opblock-tag, .models > h4):not([aria-level])")) heading.setAttribute("aria-level", 2);
  for (const [selector, name] of REGIONS) {
    const part = document.querySelector(selector);
    part?.setAttribute("role", "region");
    part?.setAttribute("aria-label", name);
  }
};
new MutationObserver(mend).observe(document.getElementById("api"), { childList: true, subtree: true });

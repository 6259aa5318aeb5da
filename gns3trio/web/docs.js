// The API viewer. It does not send the description to another host for validation.

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
const url = new URL("../../openapi.json", document.currentScript.src).href; // also below the path of a reverse proxy
window.SwaggerUIBundle({ url, dom_id: "#api", validatorUrl: null, docExpansion: "none", deepLinking: true });

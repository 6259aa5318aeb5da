// The API viewer. It does not send the description to another host for validation.

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
const url = document.currentScript.src.replace(/static\/app\/([0-9a-f]{16}\/)?[^/]*$/, "openapi.json"); // also below the path of a reverse proxy
window.SwaggerUIBundle({ url, dom_id: "#api", validatorUrl: null, docExpansion: "none", deepLinking: true });

// The viewer of the API's description. It asks no other host to check it.

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", validatorUrl: null, docExpansion: "none", deepLinking: true });

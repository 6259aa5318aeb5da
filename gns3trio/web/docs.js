// The viewer of the API's description. It asks no other host to check it.

SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", validatorUrl: null, docExpansion: "none", deepLinking: true });
